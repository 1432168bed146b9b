import { describe, expect, test } from "vitest";
import { answerEvents } from "../simulator/index.ts";
import { writeLogin } from "../support/home.ts";
import { gate } from "../support/replies.ts";
import { call, claudeHost, type Host } from "./rig/host.ts";
import { lastResult } from "./rig/messages.ts";
import { isAlive, isOpen, refreshOf, serverOf, within } from "./rig/processes.ts";
import type { Session } from "./rig/run.ts";

const never = new Promise<never>(() => undefined);

/** One question in a session; gives what the model was shown. */
async function question(host: Host, session: Session, prompt: string): Promise<string> {
  host.model.plan({ calls: [call("codex_query", { prompt })] });
  const { permission_denials } = await session.say(`/codex-oauth:codex ${prompt}`);
  expect(permission_denials).toEqual([]);
  return lastResult(host.model.requests.at(-1)!).text;
}

test("an interrupt closes the question at the service, and the next one is answered", async () => {
  const host = await claudeHost();
  const half = answerEvents({ text: "half an answer" }).slice(0, 6);
  host.simulator.next("responses", { kind: "stream", events: [...half, never] });
  const session = host.session();
  host.model.plan({ calls: [call("codex_query", { prompt: "slow" })] });
  const turn = session.say("/codex-oauth:codex slow");
  const request = await host.simulator.waitForRequest("responses");
  await session.interrupt();
  await request.done;
  expect(request.closedBy).toBe("client");
  await turn;
  expect(await question(host, session, "next")).toMatch(/^Codex answers:\n\nThe simulator received: next\n/);
});

test("a server that was killed is back at the next call, with the login as it was", async () => {
  const host = await claudeHost();
  const session = host.session();
  expect(await question(host, session, "one")).toMatch(/^Codex answers:\n\nThe simulator received: one\n/);
  const before = host.home.readAuth();
  const first = serverOf(session.pid);
  process.kill(first!, "SIGKILL");
  expect(await within(5_000, () => !isAlive(first!))).toBe(true);
  // The call that finds it gone may fail; a model that repeats it is answered.
  const two = call("codex_query", { prompt: "two" });
  host.model.plan({ calls: [two] }, (request) =>
    lastResult(request).text === "Connection closed" ? { calls: [two] } : { text: "Done." },
  );
  expect((await session.say("/codex-oauth:codex two")).permission_denials).toEqual([]);
  const { text } = lastResult(host.model.requests.at(-1)!);
  expect(text).toMatch(/^Codex answers:\n\nThe simulator received: two\n/);
  const second = serverOf(session.pid);
  expect(second).toBeDefined();
  expect(second).not.toBe(first);
  expect(host.home.readAuth()).toBe(before);
  expect(host.simulator.stats).toMatchObject({ refreshes: 0, replays: 0, exchanges: 0 });
});

test("it ends with the session", async () => {
  const host = await claudeHost();
  const session = host.session();
  await question(host, session, "one");
  const server = serverOf(session.pid);
  expect(await session.end()).toBe(0);
  expect(await within(2_000, () => !isAlive(server!))).toBe(true);
});

test("a host that is killed while a question runs leaves no process", async () => {
  const host = await claudeHost();
  host.simulator.always("responses", { kind: "hang" });
  const session = host.session();
  host.model.plan({ calls: [call("codex_query", { prompt: "slow" })] });
  session.say("/codex-oauth:codex slow").catch(() => undefined);
  const request = await host.simulator.waitForRequest("responses");
  const server = serverOf(session.pid);
  expect(server).toBeDefined();
  session.kill();
  expect(await within(2_000, () => !isAlive(server!))).toBe(true);
  await request.done;
  expect(request.closedBy).toBe("client");
});

test("a host that is killed while a login waits leaves no process and no open port", async () => {
  const host = await claudeHost({ signedIn: false });
  const session = host.session();
  host.model.plan({ calls: [call("codex_login")] }, { calls: [call("codex_login", { wait_seconds: 100 })] });
  session.say("/codex-oauth:codex-config login").catch(() => undefined);
  const port = portOf(lastResult(await host.model.asked(2)).text);
  expect(await isOpen(port)).toBe(true);
  const server = serverOf(session.pid);
  session.kill();
  expect(await within(2_000, async () => !isAlive(server!) && !(await isOpen(port)))).toBe(true);
});

describe("a host that is killed while the login is refreshed", () => {
  test("loses neither login nor order, and the refresh leaves no process", async () => {
    const { host, refreshToken, server, refresh, kill, answer } = await refreshing();
    kill();
    expect(isAlive(refresh)).toBe(true);
    answer();
    expect(await within(20_000, () => !isAlive(refresh) && !isAlive(server))).toBe(true);
    const newest = host.simulator.family(refreshToken)?.current;
    expect(newest).not.toBe(refreshToken);
    expect(host.home.record()).toMatchObject({ refreshToken: newest });
    const answered = await question(host, host.session(), "two");
    expect(answered).toMatch(/^Codex answers:\n\nThe simulator received: two\n/);
    expect(host.simulator.stats).toMatchObject({ refreshes: 1, replays: 0 });
  });

  test("leaves no process after 20 seconds, even if the service never answers", async () => {
    const { server, refresh, kill } = await refreshing();
    kill();
    expect(await within(20_000, () => !isAlive(refresh) && !isAlive(server))).toBe(true);
  });

  test("loses no login even if its server is killed with it", async () => {
    const { host, refreshToken, server, refresh, kill, answer } = await refreshing();
    kill();
    process.kill(server, "SIGKILL");
    expect(await within(2_000, () => !isAlive(server))).toBe(true);
    expect(isAlive(refresh)).toBe(true);
    answer();
    expect(await within(20_000, () => !isAlive(refresh))).toBe(true);
    const newest = host.simulator.family(refreshToken)?.current;
    expect(newest).not.toBe(refreshToken);
    expect(host.home.record()).toMatchObject({ refreshToken: newest });
  });
});

/** A session whose question waits for a refresh, which was spent and waits for its answer. */
async function refreshing() {
  const host = await claudeHost({ signedIn: false });
  const { refreshToken } = writeLogin(host.home, host.simulator, { accessExpiresInMs: -1_000 });
  const open = gate();
  host.simulator.next("token:refresh", { kind: "default", afterCommit: open.promise });
  const session = host.session();
  host.model.plan({ calls: [call("codex_query", { prompt: "one" })] });
  session.say("/codex-oauth:codex one").catch(() => undefined);
  await host.simulator.waitForRequest("token:refresh");
  const server = serverOf(session.pid) ?? NaN;
  const refresh = refreshOf(server) ?? NaN;
  expect([isAlive(server), isAlive(refresh)]).toEqual([true, true]);
  const kill = (): void => {
    session.kill();
  };
  const answer = (): void => {
    open.resolve(undefined);
  };
  return { host, refreshToken, server, refresh, kill, answer };
}

/** Where the browser comes back to, from the URL in what codex_login says. */
function portOf(text: string): number {
  const [url = ""] = /http\S+authorize\S+/.exec(text) ?? [];
  return Number(new URL(new URL(url).searchParams.get("redirect_uri") ?? "").port);
}
