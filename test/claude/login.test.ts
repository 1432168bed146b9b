import { expect, test } from "vitest";
import { call, claudeHost } from "./rig/host.ts";
import { codeIn, newcomer, portOf, status, urlIn, waitOn } from "./rig/login.ts";
import { conversation, lastResult, toolResults, type ModelRequest } from "./rig/messages.ts";
import { isOpen } from "./rig/processes.ts";

/** What the person typed behind the newest command, as a model takes it from there. */
function typedIn(request: ModelRequest): string {
  const all = conversation(request).matchAll(/<command-args>([^]*?)<\/command-args>/g);
  const last = [...all].at(-1);
  if (last === undefined) throw new Error("the model was shown no request");
  return last[1]!;
}

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
  expect(before?.text).toMatch(/^Not signed in/m);
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
  expect(before).toMatch(/^Not signed in/m);
  expect(chosen).toContain("Chosen, for every window.");
  expect(after).toMatch(/^Ready with an API key: [^]*chosen with codex_login/);
  expect(JSON.stringify(model.requests)).not.toContain("CANARY");
  expect(home.record()).toMatchObject({ mode: "api-key" });
});
