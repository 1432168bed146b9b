import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { call, type Host } from "./rig/host.ts";
import { codeIn, newcomer, status, urlIn, waitOn } from "./rig/login.ts";
import { lastResult, toolResults, type ModelRequest } from "./rig/messages.ts";
import { isOpen, within } from "./rig/processes.ts";

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
      expect(after?.text).toMatch(/^Not signed in[^]*A login waits/m);
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
    expect(looked?.text).toMatch(/^Not signed in/m);
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
      expect(waiting?.text).toMatch(/^Not signed in[^]*A login waits/m);
      expect(cleared).toMatchObject({ isError: false });
      expect(cleared?.text).toBe(
        "Nothing to clear: nobody is signed in here. A login that was waiting has been stopped.",
      );
      expect(after?.text).toMatch(/^Not signed in/m);
      expect(after?.text).not.toContain("A login waits");
      expect(home.record()).toBeUndefined();
    },
  );
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
