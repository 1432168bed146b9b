import { readFileSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { failedEvent } from "../simulator/index.ts";
import { expectNoSecrets } from "../support/canary.ts";
import { makeHome, writeLogin } from "../support/home.ts";
import { answer, delta, json, stream } from "../support/replies.ts";
import { simulate, startServer } from "../support/server.ts";

test("the debug log tells everything but the secrets, in a file of one's own", async () => {
  const simulator = await simulate();
  const home = makeHome();
  const { call, transport } = await startServer({ simulator, home, entry: "shipped" });
  const login = await call("codex_login");
  await simulator.signIn(String(login.facts["authorizationUrl"]));
  await call("codex_query", { prompt: "a private question" });
  simulator.revokeAccess(String(home.record()?.["accessToken"]));
  await call("codex_query", { prompt: "a private question" });
  expect(simulator.stats.refreshes).toBe(1);

  const file = join(home.stateDir, "debug.log");
  const log = readFileSync(file, "utf8");
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(statSync(home.stateDir).mode & 0o777).toBe(0o700);
  for (const area of ["CODEX", "HTTP", "TOKEN", "OAUTH"]) expect(log).toContain(` [${area}] `);
  expect(log).toMatch(/ \[HTTP\] POST http:\S+\/oauth\/token 200 in \d+ ms$/m);
  expect(log).toMatch(/ \[CODEX\] codex_query answered in \d+ ms$/m);
  // The same lines go to stderr, but for those of the refresh's own process, which has none; each
  // has its time and area, and none was made by what it quotes.
  const lines = log.trimEnd().split("\n");
  for (const line of lines) expect(line).toMatch(/^\d{4}-\S+Z \[(CODEX|HTTP|TOKEN|OAUTH)\] \S/);
  const elsewhere = lines.filter((line) => /oauth\/token 200|granted after/.test(line)).slice(-2);
  expect(elsewhere[1]).toMatch(/ \[TOKEN\] refresh \(urgent\): granted after \d+ ms$/);
  expect(transport.stderr.trimEnd().split("\n")).toEqual(
    lines.filter((line) => !elsewhere.includes(line)).map((line) => line.replace(/^\S+ /, "")),
  );
  expect(transport.stderr).toMatch(
    /^\[TOKEN\] refresh \(urgent\) in process (\d+)\n(?:.*\n)*?\[TOKEN\] refresh \(urgent\) in process \1: stored$/m,
  );
  for (const secret of [simulator.account.email, simulator.account.accountId, "private question"]) {
    expect(log).not.toContain(secret);
  }
  expect((await call("codex_status")).text).toContain(`\nDebug log: ${file}`);
});

test("without CODEX_DEBUG there is no log, nowhere", async () => {
  const simulator = await simulate();
  const home = makeHome();
  writeLogin(home, simulator);
  const { call, transport } = await startServer({ simulator, home, env: { CODEX_DEBUG: "0" } });
  expect((await call("codex_query", { prompt: "hi" })).isError).toBe(false);
  expect((await call("codex_status")).text).not.toContain("Debug log");
  expect(transport.stderr).toBe("");
  expect(readdirSync(home.stateDir)).not.toContain("debug.log");
});

test("words from outside cannot forge a line of the log, or of an answer", async () => {
  const simulator = await simulate();
  const home = makeHome();
  const { call, transport } = await startServer({ simulator, home });
  const url = String((await call("codex_login", { wait_seconds: 0 })).facts["authorizationUrl"]);
  const finished = call("codex_login", { wait_seconds: 600 });
  const redirect = new URL(await simulator.authorize(url, "deny"));
  const forged = "x\r\n[TOKEN] forged\u2028[HTTP] forged \u001b[2J";
  redirect.searchParams.set("error_description", forged);
  expect((await fetch(redirect)).status).toBe(400);
  const { code, text } = await finished;
  expect(code).toBe("AUTH_DENIED");
  for (const output of [text, transport.stderr, readFileSync(join(home.stateDir, "debug.log"), "utf8")]) {
    expect(output).not.toMatch(/^(\S+ )?\[(TOKEN|HTTP)\] forged/m);
    // eslint-disable-next-line no-control-regex -- that is the point
    expect(output).not.toMatch(/\u001b|\u2028/);
  }
});

test("neither the process's arguments nor the status show a piece of a token", async () => {
  const simulator = await simulate();
  const home = makeHome();
  const { accessToken, refreshToken, idToken, email, accountId } = writeLogin(home, simulator);
  const { call, transport } = await startServer({ simulator, home });
  await call("codex_query", { prompt: "hi" });
  const status = await call("codex_status", { verbose: true });
  const shown = JSON.stringify(status.raw);
  for (const token of [accessToken, refreshToken, idToken]) {
    expect(shown).not.toContain(token.slice(0, 8));
    expect(shown).not.toContain(token.slice(-8));
  }
  expect(status.text).toMatch(/^Signed in as .\*\*\*@/m);
  expect(shown).not.toContain(email);
  expect(shown).not.toContain(accountId);
  const pid = String(transport.child.pid);
  const cmdline = readFileSync(`/proc/${pid}/cmdline`, "utf8");
  expect(cmdline.split("\0").filter((part) => part !== "")).toHaveLength(2);
  expectNoSecrets(cmdline, simulator.secrets(), "the arguments");
});

test("a service that quotes what it was sent gives no piece of it away, wherever the quote is cut", async () => {
  const simulator = await simulate();
  const home = makeHome();
  const { accessToken, refreshToken, email, accountId } = writeLogin(home, simulator);
  const { call, transport } = await startServer({ simulator, home, limits: { maxRetries: 0 } });
  const signature = accessToken.split(".")[2] ?? "";
  const quoted = [
    json(400, { detail: `${"p".repeat(280)} ${signature}` }),
    json(400, { detail: `The account ${accountId} of ${email} may not` }),
    json(400, { detail: `${"p".repeat(282)} ${accountId}` }),
    stream(failedEvent("invalid_prompt", `${"p".repeat(280)} ${signature}`)),
    stream(delta(`It is ${signature.slice(0, 20)}`)),
    stream(delta(`It is ${refreshToken.slice(0, 20)}`)),
  ];
  for (const reply of quoted) {
    simulator.next("responses", reply);
    const { isError, raw } = await call("codex_query", { prompt: "hi", model: "gpt-5.5" });
    expect(isError).toBe(true);
    const shown = JSON.stringify(raw) + transport.stderr;
    expectNoSecrets(shown, [accessToken, refreshToken, email, accountId], "an error");
  }
});

test("an answer may hold the address and the account of who is signed in", async () => {
  const simulator = await simulate();
  const home = makeHome();
  const { email, accountId } = writeLogin(home, simulator);
  const { call } = await startServer({ simulator, home });
  const text = `Write to ${email} about ${accountId}.`;
  simulator.next("responses", answer(text));
  expect((await call("codex_query", { prompt: "hi" })).text).toContain(text);
});
