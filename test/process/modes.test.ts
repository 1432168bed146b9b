import { describe, expect, test } from "vitest";
import { makeHome, writeLogin, type Home } from "../support/home.ts";
import { codexHome, codexCliFile, writePreference, writeCodexCliLogin } from "../support/modes.ts";
import { simulate, startServer } from "../support/server.ts";
import type { Simulator } from "../simulator/index.ts";

/** A server that finds the guest's folder and a key; every output is searched for both. */
function start(simulator: Simulator, home: Home, env: Record<string, string> = {}) {
  return startServer({
    simulator,
    home,
    env: {
      CODEX_HOME: codexHome(home),
      CODEX_API_BASE_URL: simulator.apiBaseUrl,
      OPENAI_API_KEY: simulator.issueKey(),
      ...env,
    },
  });
}

const footer = (text: string): string => text.split("\n").at(-1) ?? "";

test("a guest's question is answered, and footer and status say whose login it is", async () => {
  const simulator = await simulate();
  const home = makeHome();
  writeCodexCliLogin(home, simulator);
  writePreference(home, "codex-cli");
  const { call } = await start(simulator, home);
  const answer = await call("codex_query", { prompt: "hi" });
  expect(footer(answer.text)).toMatch(
    /^— from 127\.0\.0\.1:\d+, not from OpenAI · gpt-6\.1-sol \(Codex CLI's login, guest\) · /,
  );
  expect(answer.facts).toMatchObject({ mode: "codex-cli" });
  const { text, facts } = await call("codex_status");
  expect(text).toMatch(
    /^Signed in as c\*\*\*@example\.test \(plan plus\), as a guest of the Codex CLI's login\.\nAccess token: valid until .*not refreshed here/m,
  );
  expect(text).toContain(`Read from: ${codexCliFile(home)}, only read and never written`);
  expect(facts).toMatchObject({ signedIn: true, mode: "codex-cli", guestFile: codexCliFile(home) });
});

test("a guest whose login has ended is told both ways, in the answer and in the status", async () => {
  const simulator = await simulate();
  const home = makeHome();
  writeCodexCliLogin(home, simulator, { accessExpiresInMs: -1_000 });
  writePreference(home, "codex-cli");
  const { call } = await start(simulator, home);
  const answer = await call("codex_query", { prompt: "hi" });
  expect(answer.code).toBe("AUTH_EXPIRED");
  expect(answer.text).toMatch(/Next: Open the Codex CLI once.*codex_login/);
  const { text, facts } = await call("codex_status");
  expect(text).toContain("Access token: expired; opening the Codex CLI renews it.");
  expect(facts).toMatchObject({ signedIn: false });
  expect(simulator.requests).toEqual([]);
});

describe("an API key", () => {
  test("answers by CODEX_AUTH without any login file, and is never shown", async () => {
    const simulator = await simulate();
    const home = makeHome();
    const { call } = await start(simulator, home, { CODEX_AUTH: "api-key" });
    const answer = await call("codex_query", { prompt: "hi", temperature: 0.2, model: "gpt-4.1" });
    expect(footer(answer.text)).toMatch(/^— gpt-4\.1 \(API key\) · /);
    expect(simulator.requests.at(-1)?.json).toMatchObject({ temperature: 0.2 });
    const { text } = await call("codex_status", { verbose: true });
    expect(text).toMatch(
      /^Ready with an API key: OPENAI_API_KEY is set and pays for each question at 127\.0\.0\.1:\d+ \(CODEX_AUTH=api-key\)\./,
    );
    expect(text).not.toContain("sk-");
    expect(text).not.toContain("Quota:");
    const models = await call("codex_models");
    expect(models.text).toContain("gpt-6-sol (default)");
    expect(models.text).not.toContain("whisper");
    expect(home.record()).toBeUndefined();
    expect(simulator.requests.every(({ server }) => server === "api")).toBe(true);
  });

  test("that is wrong is told without a character of it, wherever the service shows one", async () => {
    const simulator = await simulate();
    const home = makeHome();
    const key = "sk-proj-WRONGKEY0123456789-abcXYZ9";
    const { call, transport } = await start(simulator, home, {
      CODEX_AUTH: "api-key",
      OPENAI_API_KEY: key,
    });
    const answer = await call("codex_query", { prompt: "hi" });
    expect(answer.code).toBe("AUTH_EXPIRED");
    const written = [JSON.stringify(answer.raw), transport.stderr].join("\n");
    for (const piece of ["WRONGKEY", "XYZ9", "sk-proj"]) expect(written).not.toContain(piece);
  });

  test("that is missing is named by its variable, and the status says that nothing can be asked", async () => {
    const simulator = await simulate();
    const home = makeHome();
    writePreference(home, "api-key");
    const { call } = await start(simulator, home, { OPENAI_API_KEY: "" });
    expect((await call("codex_query", { prompt: "hi" })).text).toMatch(/^AUTH_REQUIRED: .*OPENAI_API_KEY is not set/);
    expect((await call("codex_status")).text).toMatch(/^Not signed in\.\nAUTH_REQUIRED: /m);
  });

  test("in the environment alone changes nothing: the ChatGPT login answers", async () => {
    const simulator = await simulate();
    const home = makeHome();
    writeLogin(home, simulator);
    writeCodexCliLogin(home, simulator, { account: { email: "guest@example.test" } });
    const { call } = await start(simulator, home);
    const answer = await call("codex_query", { prompt: "hi" });
    expect(footer(answer.text)).toMatch(/^— from 127\.0\.0\.1:\d+, not from OpenAI · gpt-6\.1-sol · /);
    expect(simulator.requests.some(({ path }) => path.startsWith("/v1/"))).toBe(false);
  });
});

test("a login finished in one window answers in the other at its next call, which says so", async () => {
  const simulator = await simulate();
  const home = makeHome();
  writeCodexCliLogin(home, simulator);
  writePreference(home, "codex-cli");
  const [one, other] = [await start(simulator, home), await start(simulator, home)];
  expect(footer((await other.call("codex_query", { prompt: "hi" })).text)).toContain("guest");

  simulator.account = { ...simulator.account, accountId: "second", email: "new@example.test" };
  const login = await one.call("codex_login", { wait_seconds: 0 });
  await simulator.signIn(String(login.facts["authorizationUrl"]));
  expect((await one.call("codex_login", { wait_seconds: 60 })).text).toContain("n***@example.test");

  expect((await other.call("codex_status")).text).toMatch(/^Signed in as n\*\*\*@example\.test/m);
  const answer = await other.call("codex_query", { prompt: "hi" });
  expect(footer(answer.text)).toContain(
    "another account answered than before: n***@example.test " + "(before: c***@example.test by the Codex CLI's login)",
  );
  expect(footer((await other.call("codex_query", { prompt: "hi" })).text)).not.toContain("before");
});
