import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { call, claudeHost, type Host } from "./rig/host.ts";
import { conversation, lastResult, toolResults, type ModelRequest } from "./rig/messages.ts";
import { isOpen, within } from "./rig/processes.ts";

const newcomer = (): Promise<Host> => claudeHost({ signedIn: false });

/** What the person typed behind the newest command, as a model takes it from there. */
function typedIn(request: ModelRequest): string {
  const all = conversation(request).matchAll(/<command-args>([^]*?)<\/command-args>/g);
  const last = [...all].at(-1);
  if (last === undefined) throw new Error("the model was shown no request");
  return last[1]!;
}

/** Where a login sends the person's browser. */
function urlIn({ text }: { text: string }): string {
  const [url] = /^http\S+\/oauth\/authorize\S+$/m.exec(text) ?? [];
  if (url === undefined) throw new Error(`no URL to sign in: ${text}`);
  return url;
}

/** The code that the person is to enter, alone on its line. */
function codeIn({ text }: { text: string }): string {
  const [code] = /^[A-Z0-9]{4,}-[A-Z0-9]{4,}$/m.exec(text) ?? [];
  if (code === undefined) throw new Error(`no device code: ${text}`);
  return code;
}

const portOf = (url: string): number =>
  Number(new URL(new URL(url).searchParams.get("redirect_uri") ?? "").port);

const waitOn = call("codex_login", { wait_seconds: 100 });
const status = call("codex_status");

test("by device code: the model is shown it once, with its warning, and then who is signed in", async () => {
  const host = await newcomer();
  const { simulator, home } = host;
  simulator.switches.deviceInterval = "1";
  let code = "";
  host.model.plan(
    { calls: [call("codex_status", { verbose: true })] },
    { calls: [call("codex_login", { method: "device" })] },
    (request) => {
      code = codeIn(lastResult(request));
      return { calls: [call("codex_login", { method: "device" })] };
    },
    () => {
      simulator.approveDevice(code);
      return { calls: [waitOn] };
    },
    (request) => ({ text: lastResult(request).text }),
  );
  const { result, denials } = await host.ask("/codex-oauth:codex-config login by device code");
  expect(denials).toEqual([]);
  const [before, begun, joined, signedIn] = toolResults(host.model.requests.at(-1)!);
  expect(before?.text).toMatch(/^Not signed in/);
  const [told = "", warned = ""] = begun!.text.split(`\n${code}\n`);
  expect(told).toContain("First allow device code authorization in ChatGPT's settings");
  expect(told).toContain(`open ${simulator.issuer}/codex/device in any browser`);
  expect(warned).toContain("Only enter this code if you started this sign-in yourself");
  expect(joined?.text).toContain("is not shown again");
  expect(joined?.text).not.toContain(code);
  expect(signedIn).toMatchObject({ isError: false, text: result });
  expect(result).toMatch(/ Signed in as c\*\*\*@/);
  expect(home.record()).toMatchObject({ accountId: simulator.account.accountId });
  expect(simulator.stats.exchanges).toBe(1);
});

test("by paste: the address comes with a command of its own, and nobody is asked for permission", async () => {
  const host = await newcomer();
  const { simulator, home, model } = host;
  const session = host.session();
  model.plan({ calls: [status] }, { calls: [call("codex_login", { method: "browser" })] });
  const first = await session.say("/codex-oauth:codex-config login with the browser");
  const begun = lastResult(model.requests.at(-1)!);
  expect(begun.text).toContain("call codex_login with it as callback_url");
  // The browser runs elsewhere: it is sent to an address where nobody listens, and shows it.
  const address = await simulator.authorize(urlIn(begun));
  const foreign = address.replace(/state=[^&]+/, "state=of-somebody-else");

  const paste = (request: ModelRequest) => ({
    calls: [call("codex_login", { callback_url: typedIn(request) })],
  });
  const pasted: unknown[] = [];
  for (const typed of [foreign, address]) {
    model.plan({ calls: [status] }, paste);
    const { permission_denials } = await session.say(`/codex-oauth:codex-config ${typed}`);
    pasted.push(lastResult(model.requests.at(-1)!), permission_denials);
  }
  expect(first.permission_denials).toEqual([]);
  const signedIn = expect.stringMatching(/ Signed in as c\*\*\*@/) as string;
  const refused = expect.stringMatching(/^BAD_REQUEST: [^]*goes on waiting/) as string;
  expect(pasted).toEqual([
    expect.objectContaining({ isError: true, text: refused }),
    [],
    expect.objectContaining({ isError: false, text: signedIn }),
    [],
  ]);
  expect(home.record()).toMatchObject({ accountId: simulator.account.accountId });
  expect(simulator.stats.exchanges).toBe(1);
  expect(await isOpen(portOf(urlIn(begun)))).toBe(false);
});

describe("refused", () => {
  const refusals = [
    {
      method: "browser",
      refuse: async ({ simulator }: Host, request: ModelRequest) => {
        await simulator.signIn(urlIn(lastResult(request)), "deny");
      },
    },
    {
      method: "device",
      refuse: ({ simulator }: Host, request: ModelRequest) => {
        simulator.approveDevice(codeIn(lastResult(request)), "deny");
        return Promise.resolve();
      },
    },
  ];

  test.each(refusals)(
    "a person's no ($method) is a failure with the next step, and the next call begins anew",
    async ({ method, refuse }) => {
      const host = await newcomer();
      host.simulator.switches.deviceInterval = "1";
      const begin = { calls: [call("codex_login", { method })] };
      host.model.plan(
        begin,
        async (request) => {
          await refuse(host, request);
          return { calls: [waitOn] };
        },
        begin,
        { calls: [status] },
      );
      const { denials } = await host.ask(`/codex-oauth:codex-config login ${method}`);
      expect(denials).toEqual([]);
      const [first, refused, second, after] = toolResults(host.model.requests.at(-1)!);
      expect(refused?.isError).toBe(true);
      expect(refused?.text).toMatch(/^AUTH_DENIED: [^]*\nNext: [^]+\.$/m);
      expect(second?.isError).toBe(false);
      const told = method === "device" ? codeIn : urlIn;
      expect(told(second!)).not.toBe(told(first!));
      expect(after?.text).toMatch(/^Not signed in[^]*A login waits/);
      expect(host.home.record()).toBeUndefined();
    },
  );
});

describe("cancelled", () => {
  test("by the person's stop: its port closes, nothing waits any more, and the next turn begins anew", async () => {
    const host = await newcomer();
    const { model, home } = host;
    const session = host.session();
    model.plan({ calls: [waitOn] });
    const turn = session.say("/codex-oauth:codex-config login");
    const port = await portInLog(host);
    expect(await isOpen(port)).toBe(true);
    await session.interrupt();
    await turn;
    expect(await within(5_000, async () => !(await isOpen(port)))).toBe(true);
    expect(home.record()).toBeUndefined();

    model.plan({ calls: [status] }, { calls: [call("codex_login")] });
    await session.say("/codex-oauth:codex-config login");
    const [looked, anew] = toolResults(model.requests.at(-1)!).slice(-2);
    expect(looked?.text).toMatch(/^Not signed in/);
    expect(looked?.text).not.toContain("A login waits");
    expect(anew?.text).toContain("The login waits until");
  });

  test("not by a stop between two calls: the next one goes on with it", async () => {
    const host = await newcomer();
    const { model } = host;
    const session = host.session();
    model.plan({ calls: [call("codex_login")] }, () => new Promise(() => undefined));
    const turn = session.say("/codex-oauth:codex-config login");
    const begun = lastResult(await model.asked(2));
    await session.interrupt();
    await turn;
    model.plan({ calls: [call("codex_login")] });
    await session.say("/codex-oauth:codex-config login");
    const { text } = lastResult(model.requests.at(-1)!);
    expect(text).toContain("The login that was already waiting goes on");
    expect(urlIn({ text })).toBe(urlIn(begun));
  });

  test.each(["browser", "device"])(
    "by /codex-clear (%s): the model is told that it was stopped, and nothing waits any more",
    async (method) => {
      const host = await newcomer();
      const { model, simulator, home } = host;
      simulator.switches.deviceInterval = "1";
      const session = host.session();
      model.plan({ calls: [call("codex_login", { method })] });
      await session.say(`/codex-oauth:codex-config login ${method}`);
      model.plan({ calls: [status] }, { calls: [call("codex_clear")] }, { calls: [status] });
      const { permission_denials } = await session.say("/codex-oauth:codex-clear");
      expect(permission_denials).toEqual([]);
      const [waiting, cleared, after] = toolResults(model.requests.at(-1)!).slice(-3);
      expect(waiting?.text).toMatch(/^Not signed in[^]*A login waits/);
      expect(cleared).toMatchObject({ isError: false });
      expect(cleared?.text).toBe(
        "Nothing to clear: nobody is signed in here. A login that was waiting has been stopped.",
      );
      expect(after?.text).toMatch(/^Not signed in/);
      expect(after?.text).not.toContain("A login waits");
      expect(home.record()).toBeUndefined();
    },
  );
});

test("with an API key: explained first, and chosen only after a yes in a command of its own", async () => {
  const host = await claudeHost({ signedIn: false, env: { OPENAI_API_KEY: "sk-CANARY-key" } });
  const { model, home } = host;
  const session = host.session();
  const key = { method: "api-key" };
  const turns: [string, object][] = [
    ["login with the API key", key],
    ["yes, use the API key", { ...key, confirm: true }],
  ];
  const told: string[] = [];
  for (const [words, input] of turns) {
    model.plan({ calls: [status] }, { calls: [call("codex_login", input)] }, { calls: [status] });
    const { permission_denials } = await session.say(`/codex-oauth:codex-config ${words}`);
    expect(permission_denials).toEqual([]);
    told.push(
      ...toolResults(model.requests.at(-1)!)
        .slice(-2)
        .map(({ text }) => text),
    );
  }
  const [explained, before, chosen, after] = told;
  expect(explained).toContain("costs money on its account");
  expect(explained).toContain("Nothing has been changed.");
  expect(before).toMatch(/^Not signed in/);
  expect(chosen).toContain("Chosen, for every window.");
  expect(after).toMatch(/^Ready with an API key: [^]*chosen with codex_login/);
  expect(JSON.stringify(model.requests)).not.toContain("CANARY");
  expect(home.record()).toMatchObject({ mode: "api-key" });
});

/** Where the browser comes back to, from the log of a call that still waits. */
async function portInLog({ home }: Host): Promise<number> {
  const path = join(home.stateDir, "debug.log");
  let port: string | undefined;
  await within(30_000, () => {
    const log = existsSync(path) ? readFileSync(path, "utf8") : "";
    port = /waiting for the browser on port (\d+)/.exec(log)?.[1];
    return port !== undefined;
  });
  return Number(port);
}
