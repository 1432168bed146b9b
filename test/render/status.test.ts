import { describe, expect, test } from "vitest";
import type { DoctorReport } from "../../src/status/finding.ts";
import type { Status } from "../../src/status/status.ts";
import { renderStatus } from "../../src/render/status.ts";
import { CodexError } from "../../src/shared/errors.ts";
import { act, signIn } from "../../src/shared/next-step.ts";

const now = Date.UTC(2026, 10, 20, 12);
const minute = 60_000;
const render = (status: Status): string => renderStatus(status, now, "UTC", "mcp");

const signedOut: Status = {
  signedIn: false,
  mode: "chatgpt",
  decidedBy: undefined,
  account: undefined,
  plan: undefined,
  setAside: undefined,
  expiresAt: undefined,
  authFile: "/home/jane/.claude/auth.json",
  encrypted: undefined,
  guestFile: undefined,
  issuer: "https://auth.openai.com",
  apiOrigin: "https://chatgpt.com",
  defaultModel: "gpt-6.1-sol",
  quota: undefined,
  trouble: undefined,
  pendingLogin: undefined,
  failedLogin: undefined,
  problems: [],
  logFile: undefined,
  details: undefined,
};

const signedIn: Status = {
  ...signedOut,
  signedIn: true,
  account: "j***@example.com",
  plan: "plus",
  expiresAt: now + 200 * minute,
};

const details: DoctorReport = {
  version: "0.1.0",
  nodeVersion: "v20.20.2",
  platform: "linux 6.1.0; x64",
  clientVersion: "0.169.0",
  findings: [
    { check: "node", level: "ok", message: "Node v20.20.2." },
    { check: "clock", level: "problem", message: "It is wrong.", fix: [act("Set the clock")] },
  ],
};

test("signed out: what to do comes first", () => {
  expect(render(signedOut)).toMatchInlineSnapshot(`
    "Not signed in. Call codex_login to sign in.
    Login file: /home/jane/.claude/auth.json
    Default model: gpt-6.1-sol"
  `);
});

test("signed in, before the first answer", () => {
  expect(render(signedIn)).toMatchInlineSnapshot(`
    "Signed in as j***@example.com (plan plus).
    Access token: valid until 15:20 (3 h 20 min); it is refreshed by itself.
    Login file: /home/jane/.claude/auth.json
    Default model: gpt-6.1-sol
    Quota: not seen yet; the next answer tells it."
  `);
});

test("signed in, with everything that can be known", () => {
  const status: Status = {
    ...signedIn,
    quota: {
      plan: "plus",
      seenAt: now - 3 * minute,
      windows: [
        { usedPercent: 12, windowMinutes: 300, resetsAt: now + 100 * minute },
        { usedPercent: 63.4, windowMinutes: 10_080, resetsAt: now + 3 * 24 * 60 * minute },
        { usedPercent: 100, windowMinutes: 1_440, resetsAt: now - minute },
      ],
    },
    pendingLogin: {
      method: "browser",
      authorizationUrl: "https://auth.openai.com/oauth/authorize?x=1",
      endsAt: now + 9 * minute,
    },
    problems: ["CODEX_MODEL is not usable and was ignored."],
    logFile: "/home/jane/.claude/codex-oauth/debug.log",
    details,
  };
  expect(render(status)).toMatchInlineSnapshot(`
    "Signed in as j***@example.com (plan plus).
    Access token: valid until 15:20 (3 h 20 min); it is refreshed by itself.
    Login file: /home/jane/.claude/auth.json
    Default model: gpt-6.1-sol
    Quota, as seen 3 min ago:
      5 h   ██████████████████░░ 88 % left, resets 13:40
      week  ███████░░░░░░░░░░░░░ 37 % left, resets Mon 23 Nov 12:00
      day   ░░░░░░░░░░░░░░░░░░░░ 0 % left, has been reset since
    A login waits for the browser until 12:09: https://auth.openai.com/oauth/authorize?x=1
    Configuration:
      CODEX_MODEL is not usable and was ignored.
    Debug log: /home/jane/.claude/codex-oauth/debug.log

    codex-oauth 0.1.0, Node v20.20.2, linux 6.1.0; x64, reported Codex version 0.169.0
    Doctor: 1 problem, no notes.
    PROBLEM  clock: It is wrong.
             → Set the clock.
    ok       node: Node v20.20.2."
  `);
});

describe("a login that cannot be used as it is", () => {
  test("an expired access token is no trouble", () => {
    expect(render({ ...signedIn, plan: undefined, expiresAt: now })).toMatchInlineSnapshot(`
      "Signed in as j***@example.com.
      Access token: expired; the next query refreshes it.
      Login file: /home/jane/.claude/auth.json
      Default model: gpt-6.1-sol
      Quota: not seen yet; the next answer tells it."
    `);
  });

  test("one of another origin", () => {
    const trouble = new CodexError("AUTH_REQUIRED", "The stored login is for https://a.test.", {
      next: [signIn],
    });
    expect(render({ ...signedOut, trouble })).toMatchInlineSnapshot(`
      "Not signed in.
      AUTH_REQUIRED: The stored login is for https://a.test. Next: Call codex_login.
      Login file: /home/jane/.claude/auth.json
      Default model: gpt-6.1-sol"
    `);
  });

  test("one whose file nobody can name", () => {
    const trouble = "No login can be used until the configuration below is corrected.";
    const problems = ["CONFIG: HOME cannot be used: it is not an absolute path."];
    const status: Status = { ...signedOut, authFile: "", trouble, problems, details: undefined };
    expect(render(status)).toMatchInlineSnapshot(`
      "No login can be used until the configuration below is corrected.
      Default model: gpt-6.1-sol
      Configuration:
        CONFIG: HOME cannot be used: it is not an absolute path."
    `);
  });
});

describe("the way that was chosen", () => {
  const guest: Status = {
    ...signedIn,
    mode: "codex-cli",
    guestFile: "/home/jane/.codex/auth.json",
  };

  test("a guest is shown as one, with the file that is only read", () => {
    expect(render(guest).split("\n").slice(0, 4)).toEqual([
      "Signed in as j***@example.com (plan plus), as a guest of the Codex CLI's login.",
      "Access token: valid until 15:20 (3 h 20 min); it is not refreshed here; opening the Codex CLI renews it.",
      "Read from: /home/jane/.codex/auth.json, only read and never written",
      "Choice kept in: /home/jane/.claude/auth.json",
    ]);
    const ended = render({ ...guest, signedIn: false, expiresAt: now - minute });
    expect(ended).toContain("Access token: expired; opening the Codex CLI renews it.");
  });

  test("services that are not OpenAI's come first, the API before the issuer", () => {
    const elsewhere = { issuer: "https://sso.corp.test", apiOrigin: "https://gateway.test" };
    expect(render({ ...signedOut, ...elsewhere })).toMatch(
      /^Not OpenAI's own servers: this login and each question go to gateway\.test; the sign-in is at sso\.corp\.test\.\nNot signed in\./,
    );
    const byKey: Status = { ...signedOut, ...elsewhere, signedIn: true, mode: "api-key" };
    expect(render(byKey)).toMatch(/^Ready with an API key/);
  });

  test("a key is told to be set, with what decided it, and without a quota", () => {
    const byKey: Status = {
      ...signedOut,
      signedIn: true,
      mode: "api-key",
      apiOrigin: "https://api.openai.com",
    };
    expect(render(byKey)).toMatch(
      /^Ready with an API key: OPENAI_API_KEY is set .* at api\.openai\.com \(chosen with codex_login\)\.\nChoice kept in: /,
    );
    expect(render(byKey)).not.toContain("Quota");
    expect(render({ ...byKey, decidedBy: "CODEX_AUTH" })).toContain("(CODEX_AUTH=api-key)");
    const missing = render({
      ...byKey,
      signedIn: false,
      trouble: new CodexError("AUTH_REQUIRED", "No key."),
    });
    expect(missing).toMatch(/^Not signed in\.\nAUTH_REQUIRED: No key\. Next: /);
  });
});
