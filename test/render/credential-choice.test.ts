import { describe, expect, test } from "vitest";
import type { CredentialChoice } from "../../src/auth/chooser.ts";
import { renderChoice } from "../../src/render/credential-choice.ts";
import type { Reader } from "../../src/render/next-step.ts";

const now = Date.UTC(2026, 10, 20, 12);
const codexCli: CredentialChoice = {
  kind: "codex-cli",
  confirmed: false,
  decidedBy: undefined,
  account: "j***@example.com",
  plan: "plus",
  expiresAt: now + 3_600_000,
  guestFile: "/home/jane/.codex/auth.json",
  apiOrigin: "https://chatgpt.com",
};
const apiKey: CredentialChoice = {
  ...codexCli,
  kind: "api-key",
  account: undefined,
  plan: undefined,
  expiresAt: undefined,
  guestFile: undefined,
  apiOrigin: "https://api.openai.com",
};
const render = (choice: CredentialChoice, reader: Reader) => renderChoice(choice, reader, now, "UTC");

describe("codex_login", () => {
  test("explains the Codex CLI's login and asks for a yes", () => {
    expect(render(codexCli, "mcp")).toBe(
      "The Codex CLI is signed in on this machine as j***@example.com (plan plus). As a guest codex-oauth reads " +
        "/home/jane/.codex/auth.json anew for every question: it never refreshes that login and never writes there. " +
        "Each question counts on that account's plan. The login works until 13:00; opening the Codex CLI renews it.\n\n" +
        "Nothing has been changed. After a clear yes of the user call codex_login with method codex-cli and confirm " +
        "true; a ChatGPT login of codex-oauth is kept, but set aside then.",
    );
  });

  test("explains the API key, and says when it was chosen", () => {
    expect(render({ ...apiKey, confirmed: true }, "mcp")).toBe(
      "OPENAI_API_KEY is set. Chosen, for every window. Each question goes to api.openai.com with that key and costs " +
        "money on its account; no ChatGPT plan is used. The key is read from the environment of Claude Code, stored " +
        "nowhere and sent nowhere else. codex_query can be used now.",
    );
  });
});

test.each(["mcp", "cli", "library"] as const)("%s reads that a setting decides", (reader) => {
  expect(render({ ...apiKey, confirmed: true, decidedBy: "CODEX_AUTH" }, reader)).toBe(
    "OPENAI_API_KEY is set. It is in use: CODEX_AUTH=api-key decides. Nothing was changed.",
  );
});

test.each(["cli", "library"] as const)("%s reads no word of the tools", (reader) => {
  for (const choice of [codexCli, apiKey]) {
    for (const confirmed of [false, true]) {
      expect(render({ ...choice, confirmed }, reader)).not.toMatch(/codex_\w|confirm true|Claude Code/);
    }
  }
  expect(render({ ...apiKey, confirmed: true }, "cli")).toMatch(/ codex-oauth query can be used now\.$/);
});
