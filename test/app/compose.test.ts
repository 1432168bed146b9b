import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { inspect } from "node:util";
import { expect, test } from "vitest";
import type { SignInOptions } from "../../src/app/codex.ts";
import type { ExternalKind } from "../../src/shared/credential-kind.ts";
import { errorCodes } from "../../src/shared/errors.ts";
import { testApp } from "../support/app.ts";
import { makeHome } from "../support/home.ts";
import { urlOf } from "../support/login-rig.ts";
import { failure, json } from "../support/replies.ts";
import { simulate } from "../support/server.ts";

const secret = "sk-planted0by0the0server";
const open = new AbortController().signal;

/** The authorization server quotes the secret in the browser's callback. */
const denial = { error: "access_denied", description: `Refused for ${secret}.` };

function expectRedacted(error: unknown, quoted: string): void {
  const text = inspect(error, { depth: 9 });
  expect(text).toContain(quoted);
  expect(text).not.toContain(secret);
}

test.each([{ method: "browser" }, { method: "auto" }] as const)(
  "signIn($method): completed, wait and the status have the refusal without its secret",
  async (options) => {
    const simulator = await simulate();
    const { codex } = testApp({ simulator, home: makeHome() });
    const signIn = await codex.signIn(options);
    await simulator.signIn(urlOf(signIn), denial);
    expectRedacted(await failure(signIn.completed), "Refused for [redacted]");
    expectRedacted((await codex.status()).failedLogin, "Refused for [redacted]");
    expectRedacted(await failure(signIn.wait({ waitMs: 60_000, signal: open })), "Refused for [redacted]");
  },
);

test("the token endpoint's refusal of a code has no secret either", async () => {
  const simulator = await simulate();
  const { codex } = testApp({ simulator, home: makeHome() });
  const signIn = await codex.signIn({ method: "browser" });
  simulator.next("token:exchange", json(400, { error: secret, error_description: `Refused for ${secret}.` }));
  await simulator.signIn(urlOf(signIn));
  const error = await failure(signIn.completed);
  expectRedacted(error, "It answered HTTP 400.");
  expectRedacted((await codex.status()).failedLogin, "It answered HTTP 400.");
  // Nothing of it is quoted, not even with the secret taken out.
  expect(inspect(error, { depth: 9 })).not.toMatch(/Refused for|\[redacted\]/);
});

test("a login file that cannot be used is trouble of the status, and fails signOut, without the secret in its path", async () => {
  const simulator = await simulate();
  const home = makeHome();
  const authFile = join(home.path, secret, "auth.json");
  mkdirSync(authFile, { recursive: true });
  const { codex } = testApp({ simulator, home, env: { CODEX_AUTH_FILE: authFile } });
  expectRedacted((await codex.status()).trouble, "/[redacted]/auth.json");
  expectRedacted(await failure(codex.signOut({ confirm: () => Promise.resolve(true) })), "/[redacted]/auth.json");
  expectRedacted(await failure(codex.signOut()), "/[redacted]/auth.json");
});

test("a sign-in that fails while no call waits for it is no unhandled rejection", async () => {
  const simulator = await simulate();
  const { codex } = testApp({ simulator, home: makeHome() });
  const signIn = await codex.signIn({ method: "browser" });
  signIn.cancel("Enough.");
  await new Promise((resolve) => setImmediate(resolve)); // when Node reports one, which fails the run
  expect((await codex.status()).pendingLogin).toBeUndefined();
});

test.each([
  [{ method: "nope" }, "method must be one of auto, browser, device"],
  [{ method: "api-key" }, "method must be one of auto, browser, device"],
  [{ callbackUrl: 5 }, "callbackUrl must be a string"],
  [null, "options must be an object"],
])("signIn(%j) is refused and begins no sign-in", async (options, verdict) => {
  const { codex } = testApp({ home: makeHome() });
  const error = await failure(codex.signIn(options as SignInOptions));
  expect(error).toMatchObject({ code: "BAD_REQUEST", message: `signIn: ${verdict}.` });
  expect((await codex.status()).pendingLogin).toBeUndefined();
});

test.each([
  ["nope", true, "method must be one of chatgpt, codex-cli, api-key"],
  [undefined, true, "method is required"],
  ["chatgpt", "no", "confirmed must be a boolean"],
  ["api-key", "no", "confirmed must be a boolean"],
])("useMethod(%j, { confirmed: %j }) is refused, and the login stays", async (method, confirmed, verdict) => {
  const simulator = await simulate();
  const home = makeHome();
  const { codex } = testApp({ simulator, home, env: { OPENAI_API_KEY: "sk-test" } });
  const login = await codex.signIn({ method: "browser" });
  await simulator.signIn(urlOf(login));
  await login.completed;
  const stored = readFileSync(home.authFile, "utf8");
  const error = await failure(codex.useMethod(method as ExternalKind, { confirmed: confirmed as boolean }));
  expect(error).toMatchObject({
    code: "BAD_REQUEST",
    message: `useMethod: ${verdict}.`,
    next: errorCodes.BAD_REQUEST.next,
  });
  expect(readFileSync(home.authFile, "utf8")).toBe(stored);
});
