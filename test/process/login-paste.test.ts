import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { expectPortFree } from "../support/callback.ts";
import { expectNoSecrets } from "../support/canary.ts";
import { makeHome } from "../support/home.ts";
import { simulate, startServer } from "../support/server.ts";

async function start(entry: "shipped" | "test" = "test") {
  const simulator = await simulate();
  const home = makeHome();
  const server = await startServer({ simulator, home, entry });
  const log = () => readFileSync(join(home.stateDir, "debug.log"), "utf8");
  return { simulator, home, server, log };
}

for (const entry of ["shipped", "test"] as const) {
  test(`the pasted address of a browser that cannot come back signs in (${entry} entry)`, async () => {
    const { simulator, home, server } = await start(entry);
    const begun = await server.call("codex_login");
    expect(begun.text).toContain("call codex_login with it as callback_url");
    const address = await simulator.authorize(String(begun.facts["authorizationUrl"]));
    const ended = await server.call("codex_login", { callback_url: address });
    expect(ended.text).toContain("Signed in as c***@example.test");
    expect(home.record()).toMatchObject({ accountId: simulator.account.accountId });
    await expectPortFree(Number(new URL(address).port));
  });
}

test("a wrong or unreadable paste is BAD_REQUEST, changes nothing, and the right one still counts", async () => {
  const { simulator, home, server } = await start();
  const { facts } = await server.call("codex_login");
  const url = String(facts["authorizationUrl"]);
  const address = await simulator.authorize(url);
  const forged = new URL(address);
  forged.searchParams.set("state", "x".repeat(43));
  for (const pasted of [forged.href, "I have approved it", url, "?error=access_denied&state=x"]) {
    const { code, text } = await server.call("codex_login", { callback_url: pasted });
    expect([code, pasted]).toEqual(["BAD_REQUEST", pasted]);
    expect(text).toContain("the sign-in goes on waiting");
    expect(text).not.toContain(pasted);
  }
  expect((await server.call("codex_status")).text).toContain(url);
  expect(simulator.stats.exchanges).toBe(0);
  expect(home.record()).toBeUndefined();
  const { text } = await server.call("codex_login", { callback_url: address });
  expect(text).toContain("Signed in as");
});

test("a wrong code alone is BAD_REQUEST, the sign-in goes on waiting, and the right code still counts", async () => {
  const { simulator, home, server } = await start();
  const { facts } = await server.call("codex_login");
  const url = String(facts["authorizationUrl"]);
  const { code, text } = await server.call("codex_login", { callback_url: "ac_nobodys_code_of_all" });
  expect(code).toBe("BAD_REQUEST");
  expect(text).toContain("The authorization server refused the code that was pasted.");
  expect(text).toContain("the sign-in goes on waiting");
  expect(home.record()).toBeUndefined();
  expect((await server.call("codex_status")).text).toContain(url);
  const right = new URL(await simulator.authorize(url)).searchParams.get("code") ?? "";
  expect((await server.call("codex_login", { callback_url: right })).text).toContain("Signed in as");
});

test("callback and paste at once: one exchange, and both say that it worked", async () => {
  const { simulator, server } = await start();
  const { facts } = await server.call("codex_login");
  const address = await simulator.authorize(String(facts["authorizationUrl"]));
  const [page, ...answers] = await Promise.all([
    fetch(address).then(
      ({ status }) => status,
      () => "closed already",
    ),
    server.call("codex_login", { callback_url: address }),
    server.call("codex_login", { wait_seconds: 60 }),
  ]);
  expect([200, "closed already"]).toContain(page);
  for (const { text } of answers) expect(text).toContain("Signed in as");
  expect(simulator.stats).toMatchObject({ exchanges: 1, usedCodeAttempts: 0 });
});

test("a refusal in the address is AUTH_DENIED, and the next call begins anew", async () => {
  const { simulator, server } = await start();
  const { facts } = await server.call("codex_login");
  const address = await simulator.authorize(String(facts["authorizationUrl"]), "deny");
  expect((await server.call("codex_login", { callback_url: address })).code).toBe("AUTH_DENIED");
  const next = await server.call("codex_login");
  expect(next.facts["authorizationUrl"]).not.toBe(facts["authorizationUrl"]);
});

test("without a login that waits, a paste is AUTH_REQUIRED and begins none", async () => {
  const { server, simulator, log } = await start();
  const callbackUrl = "http://localhost:1455/auth/callback?code=ac_somebodys_code_1&state=abc";
  const { code, text } = await server.call("codex_login", { callback_url: callbackUrl });
  expect(code).toBe("AUTH_REQUIRED");
  expect(text).toContain("Call codex_login, then approve at the URL that it gives");
  expect(simulator.requests).toEqual([]);
  expect((await server.call("codex_status")).text).not.toContain("A login waits");
  expectNoSecrets(log(), ["ac_somebodys_code_1"], "the log");
});

test.each(["device", "codex-cli", "api-key"])(
  "callback_url beside method %s is BAD_REQUEST and leaves the waiting login alone",
  async (method) => {
    const { server } = await start();
    const { facts } = await server.call("codex_login");
    const args = { method, callback_url: "code#state" };
    expect((await server.call("codex_login", args)).code).toBe("BAD_REQUEST");
    expect((await server.call("codex_status")).text).toContain(String(facts["authorizationUrl"]));
  },
);

test("a pasted code of no known shape shows up nowhere", async () => {
  const { server, log, simulator } = await start();
  const { facts } = await server.call("codex_login");
  const state = new URL(String(facts["authorizationUrl"])).searchParams.get("state") ?? "";
  const pasted = "Zq8vN3kTw5XyLr2BmHcD";
  const { code, text } = await server.call("codex_login", { callback_url: `${pasted}#${state}` });
  expect(code).toBe("AUTH_DENIED");
  await simulator.waitForRequest("token:exchange");
  for (const [place, output] of Object.entries({
    text,
    log: log(),
    stderr: server.transport.stderr,
  })) {
    expectNoSecrets(output, [pasted], place);
  }
});
