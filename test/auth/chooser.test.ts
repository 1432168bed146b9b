import { expect, test } from "vitest";
import { urlOf } from "../support/login-rig.ts";
import { writeLogin } from "../support/home.ts";
import { codexCliFile, modeRig, neverAborted, writePreference, writeCodexCliLogin } from "../support/modes.ts";
import { failure } from "../support/replies.ts";
import { retry } from "../../src/shared/next-step.ts";
import { renderNext } from "../../src/render/next-step.ts";
import { renderChoice } from "../../src/render/credential-choice.ts";
import { type ExternalKind, externalKinds } from "../../src/shared/credential-kind.ts";

type Parts = Awaited<ReturnType<typeof modeRig>>["parts"];

/** What a choice says, as data and as codex_login tells it. */
async function choose({ credentials, clock }: Parts, kind: ExternalKind, confirmed: boolean) {
  const choice = await credentials.choose(kind, confirmed);
  return { choice, text: renderChoice(choice, "mcp", clock.now(), "UTC") };
}

test("codex-cli without a yes explains whose login it is and what a guest does, and changes nothing", async () => {
  const { simulator, home, parts } = await modeRig();
  writeLogin(home, simulator);
  writeCodexCliLogin(home, simulator, { account: { email: "guest@example.test" } });
  const before = home.readAuth();
  const { text, choice } = await choose(parts, "codex-cli", false);
  expect(text).toContain("signed in on this machine as g***@example.test (plan plus)");
  expect(text).toContain(codexCliFile(home));
  expect(text).toMatch(/never refreshes that login and never writes there.*counts on that account's plan/s);
  expect(text).toContain("call codex_login with method codex-cli and confirm true");
  expect(choice).toMatchObject({
    kind: "codex-cli",
    confirmed: false,
    account: "g***@example.test",
  });
  expect(home.readAuth()).toBe(before);
  expect(simulator.requests).toEqual([]);
});

test("api-key without a yes says that questions cost money, and changes nothing", async () => {
  const { simulator, home, parts, key } = await modeRig();
  writeLogin(home, simulator);
  const before = home.readAuth();
  const { text, choice } = await choose(parts, "api-key", false);
  expect(text).toMatch(/costs money.*stored nowhere.*confirm true/s);
  expect(text + JSON.stringify(choice)).not.toContain(key.slice(-6));
  expect(home.readAuth()).toBe(before);
});

test.each(externalKinds)("%s with a yes is kept for every window", async (kind) => {
  const { simulator, home, parts, another } = await modeRig();
  writeCodexCliLogin(home, simulator);
  writeLogin(home, simulator, { others: { theirs: 1 } });
  const login = home.record();
  const { text, choice } = await choose(parts, kind, true);
  expect(text).toContain("Chosen, for every window.");
  expect(choice).toMatchObject({ kind, confirmed: true });
  const document = JSON.parse(home.readAuth()) as Record<string, unknown>;
  expect(document).toEqual({
    theirs: 1,
    codex: { ...login, mode: kind },
  });
  expect((await another().client.query({ prompt: "hi" })).mode).toBe(kind);
});

test("what cannot be used is refused before anything changes", async () => {
  const { simulator, home, parts, another } = await modeRig();
  writeLogin(home, simulator);
  const before = home.readAuth();
  expect((await failure(choose(parts, "codex-cli", true))).code).toBe("AUTH_REQUIRED");
  writeCodexCliLogin(home, simulator, { accessExpiresInMs: -1_000 });
  expect((await failure(choose(parts, "codex-cli", true))).code).toBe("AUTH_EXPIRED");
  const keyless = another({ env: { OPENAI_API_KEY: "" } });
  expect((await failure(choose(keyless, "api-key", true))).code).toBe("AUTH_REQUIRED");
  expect(home.readAuth()).toBe(before);
});

test("where CODEX_AUTH decides, another choice is CONFIG and the same one needs no yes", async () => {
  const { home, another } = await modeRig();
  const decided = another({ env: { CODEX_AUTH: "api-key" } });
  const error = await failure(choose(decided, "codex-cli", true));
  expect(error.code).toBe("CONFIG");
  expect(renderNext(error, "mcp")).toContain("They can unset CODEX_AUTH");
  expect((await choose(decided, "api-key", false)).text).toContain("It is in use: CODEX_AUTH=api-key");
  expect(home.record()).toBeUndefined();
});

test("a login that was found is told masked, and only where it works", async () => {
  const { simulator, home, parts } = await modeRig();
  expect(await parts.credentials.otherAccounts()).toEqual([]);
  writeCodexCliLogin(home, simulator, { account: { email: "guest@example.test" } });
  expect(await parts.credentials.otherAccounts()).toEqual([{ kind: "codex-cli", account: "g***@example.test" }]);
  writeCodexCliLogin(home, simulator, { accessExpiresInMs: -1_000 });
  expect(await parts.credentials.otherAccounts()).toEqual([]);
  writeCodexCliLogin(home, simulator, { file: { auth_mode: "apikey" } });
  expect(await parts.credentials.otherAccounts()).toEqual([]);
});

test("a sign-in takes the place of a choice", async () => {
  const { simulator, home, parts } = await modeRig();
  writePreference(home, "api-key");
  const { pending } = await parts.login.beginOrJoin("browser");
  await simulator.signIn(urlOf(pending));
  await pending.completed;
  expect((await parts.client.query({ prompt: "hi" })).mode).toBe("chatgpt");
});

test.each(externalKinds)("a choice of %s ends a sign-in that waits; without a yes it goes on", async (kind) => {
  const { simulator, home, parts } = await modeRig();
  writeCodexCliLogin(home, simulator);
  const { pending } = await parts.login.beginOrJoin("browser");
  const ended = failure(pending.completed);
  await choose(parts, kind, false);
  expect(parts.login.pending).toBe(pending);
  await choose(parts, kind, true);
  expect((await ended).code).toBe("CANCELLED");
  expect(parts.login.pending).toBeUndefined();
  await expect(simulator.signIn(urlOf(pending))).rejects.toThrow();
  expect((await parts.client.query({ prompt: "hi" })).mode).toBe(kind);
});

test("CODEX_AUTH beats the stored choice, the choice beats the usual way", async () => {
  const { simulator, home, parts, another, key } = await modeRig();
  writeCodexCliLogin(home, simulator);
  expect((await parts.credentials.current()).kind).toBe("chatgpt");
  writePreference(home, "codex-cli");
  expect((await parts.credentials.get(neverAborted)).kind).toBe("codex-cli");
  const byKey = another({ env: { CODEX_AUTH: "api-key" } });
  expect(await byKey.credentials.get(neverAborted)).toMatchObject({ kind: "api-key", secret: key });
  const own = another({ env: { CODEX_AUTH: "chatgpt" } });
  expect((await failure(own.credentials.get(neverAborted))).code).toBe("AUTH_REQUIRED");
  expect(home.record()).toEqual({ version: 1, mode: "codex-cli", generation: 1 });
});

test("a refused login is not replaced by another way that was chosen meanwhile", async () => {
  const { simulator, home, parts } = await modeRig();
  const login = writeLogin(home, simulator);
  await parts.client.query({ prompt: "hi" });
  simulator.revokeAccess(login.accessToken);
  simulator.next("responses", {
    kind: "default",
    adapt: (reply) => {
      writePreference(home, "api-key");
      return reply;
    },
  });
  const error = await failure(parts.client.query({ prompt: "hi" }));
  expect(error).toMatchObject({
    code: "AUTH_EXPIRED",
    next: [retry],
  });
  expect(simulator.requests.filter(({ route }) => route === "key-responses")).toEqual([]);
});
