import { expect, test } from "vitest";
import { codexLogin } from "../../../src/mcp/tools/codex-login.ts";
import { writeLogin } from "../../support/home.ts";
import { loginTools, type LoginTools } from "../../support/login-tools.ts";
import { codexHome, writeCodexCliLogin } from "../../support/modes.ts";

const minute = 60_000;

async function keyed() {
  const tools = await loginTools();
  const { simulator, home, another } = tools;
  const login = writeLogin(home, simulator);
  const env = {
    CODEX_HOME: codexHome(home),
    OPENAI_API_KEY: simulator.issueKey(),
    CODEX_API_BASE_URL: simulator.apiBaseUrl,
  };
  return { ...tools, ...another({ env }), login, reopen: () => another({ env }) };
}

function revocations({ simulator }: Pick<LoginTools, "simulator">) {
  return simulator.requests.filter(({ route }) => route === "revoke");
}

test("the tool says that it can be destructive", () => {
  expect(codexLogin.annotations.destructiveHint).toBe(true);
});

test("a yes in the first call explains and changes nothing", async () => {
  const { call, home, simulator } = await keyed();
  const before = home.readAuth();
  const { text, facts } = await call("codex_login", { method: "api-key", confirm: true });
  expect(text).toMatch(/^confirm did not count.*\n\nOPENAI_API_KEY is set\..*costs money.*Nothing has been changed\./s);
  expect(facts).toMatchObject({ mode: "api-key", confirmed: false });
  expect(home.readAuth()).toBe(before);
  expect(simulator.requests).toEqual([]);
});

test("a yes counts once, within ten minutes, after an explanation of the same method in this process", async () => {
  const { call, clock, home, simulator, reopen } = await keyed();
  writeCodexCliLogin(home, simulator, { account: { email: "guest@example.test" }, accessExpiresInMs: 60 * minute });
  const isChosen = async (method: string, window = { call }) =>
    (await window.call("codex_login", { method, confirm: true })).facts["confirmed"];
  await call("codex_login", { method: "api-key" });
  expect(await isChosen("codex-cli")).toBe(false);
  expect(await isChosen("api-key", reopen())).toBe(false);
  await clock.advance(10 * minute);
  expect(await isChosen("api-key")).toBe(false);
  await clock.advance(9 * minute);
  expect(await isChosen("api-key")).toBe(true);
  expect(await isChosen("api-key")).toBe(false);
});

test("a yes to another account than the one explained does not count", async () => {
  const { call, home, simulator } = await keyed();
  writeCodexCliLogin(home, simulator, { account: { email: "one@example.test" } });
  await call("codex_login", { method: "codex-cli" });
  writeCodexCliLogin(home, simulator, { account: { email: "two@example.test" } });
  const { text, facts } = await call("codex_login", { method: "codex-cli", confirm: true });
  expect(facts).toMatchObject({ confirmed: false, account: "t***@example.test" });
  expect(text).toContain("t***@example.test");
});

test("choosing a key sets the ChatGPT login aside, and chatgpt takes it up again without a sign-in", async () => {
  const tools = await keyed();
  const { call, home, login } = tools;
  const before = home.record();
  await call("codex_login", { method: "api-key" });
  const { text } = await call("codex_login", { method: "api-key", confirm: true });
  expect(text).toContain("Chosen, for every window.");
  expect(home.record()).toEqual({ ...before, mode: "api-key" });
  expect((await call("codex_status")).text).toContain(
    'Set aside: the ChatGPT login of c***@example.test; codex_login with method "chatgpt" uses it again.',
  );
  const back = await call("codex_login", { method: "chatgpt" });
  expect(back.text).toContain("c***@example.test");
  expect(back.facts).toMatchObject({ mode: "chatgpt", confirmed: true });
  expect(home.record()).toMatchObject({ mode: "chatgpt", refreshToken: login.refreshToken });
  expect((await call("codex_status")).text).not.toContain("Set aside");
  expect(tools.simulator.requests).toEqual([]);
});

test("a sign-out revokes and removes a login that is set aside", async () => {
  const tools = await keyed();
  const { call, home, login } = tools;
  await call("codex_login", { method: "api-key" });
  await call("codex_login", { method: "api-key", confirm: true });
  const { text } = await call("codex_clear");
  expect(text).toContain("and revoked at the server.");
  expect(text).toContain("The choice to use the API key is forgotten, too.");
  expect(home.record()).toBeUndefined();
  expect(revocations(tools)).toHaveLength(1);
  expect(tools.simulator.family(login.refreshToken)?.revoked).toBe(true);
});

test("without a login that is set aside, chatgpt is AUTH_REQUIRED", async () => {
  const { call } = await loginTools();
  const { code, text } = await call("codex_login", { method: "chatgpt" });
  expect(code).toBe("AUTH_REQUIRED");
  expect(text).toContain("Next: Call codex_login");
});

test("a sign-in that nobody has heard of is told by a call without method, and not in the way of one with it", async () => {
  for (const method of ["browser", "device", "auto"]) {
    const { call, begin, simulator } = await loginTools();
    const url = await begin();
    await simulator.signIn(url);
    const next = await call("codex_login", { method, wait_seconds: 0 });
    expect(next.facts).toMatchObject({ signedIn: false });
    expect(next.text).not.toContain(url);
  }
  const { call, begin, simulator } = await loginTools();
  await simulator.signIn(await begin());
  expect((await call("codex_login")).facts).toMatchObject({ signedIn: true });
});
