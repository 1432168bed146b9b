import type { StartRefresh } from "../../../src/app/session.ts";
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { DetachedEvents, DetachedProcess } from "../../../src/platform/detached-process.ts";
import { formatIdentity } from "../../../src/platform/process-identity.ts";
import type { RefreshJob, RefreshReport } from "../../../src/auth/session/refresh-ipc.ts";
import { fakeClock } from "../../support/fake-clock.ts";
import { makeHome, writeLogin } from "../../support/home.ts";
import { simulate } from "../../support/server.ts";
import { refreshLockOf, tokenRig } from "../../support/token-rig.ts";

const expired = { accessExpiresInMs: -60_000 };

interface Played {
  job: RefreshJob;
  reply: (report: RefreshReport) => void;
  end: () => void;
}

/** A process played by the test; `onSend` gets every message to it. */
function played(onSend: (played: Played, message: { kind?: string }) => void): StartRefresh {
  return ({ onMessage, onEnd }: DetachedEvents): Promise<DetachedProcess> => {
    let job: RefreshJob | undefined;
    return Promise.resolve({
      pid: 4711,
      send: (message) => {
        job ??= message as RefreshJob;
        onSend({ job, reply: onMessage, end: onEnd }, message as { kind?: string });
      },
      release: () => undefined,
    });
  };
}

async function rigWith(start: StartRefresh) {
  const simulator = await simulate();
  const home = makeHome();
  const { refreshToken: usedToken } = writeLogin(home, simulator, expired);
  return { simulator, home, usedToken, rig: tokenRig({ simulator, home, start }) };
}

test.each([
  ["cannot be started", () => Promise.reject(new Error("spawn EAGAIN"))],
  [
    "ends at once",
    played(({ end }) => {
      end();
    }),
  ],
] satisfies [string, StartRefresh][])("a process that %s: the refresh runs in this one", async (_, start) => {
  const { simulator, home, usedToken, rig } = await rigWith(start);
  const { refreshToken } = await rig.get();
  expect(simulator.stats).toMatchObject({ refreshes: 1, replays: 0 });
  expect(refreshToken).toBe(simulator.family(usedToken)?.current);
  expect(home.record()).toMatchObject({ refreshToken });
});

test("a process that died with the lock: one looks again, and at most three times", async () => {
  let started = 0;
  const { simulator, home, rig } = await rigWith(
    played(({ end }) => {
      started++;
      rmSync(refreshLockOf(home), { recursive: true });
      end();
    }),
  );
  await expect(rig.get()).rejects.toMatchObject({ code: "UPSTREAM" });
  expect(started).toBe(3);
  expect(simulator.requests).toEqual([]);
});

test("the job names the lock and a fingerprint, and holds no token", async () => {
  const jobs: RefreshJob[] = [];
  let owners: string[] = [];
  const { home, usedToken, rig } = await rigWith(
    played(({ job, reply }) => {
      jobs.push(job);
      owners = readdirSync(refreshLockOf(home));
      reply({ kind: "failed", error: { code: "NETWORK", message: "It broke.", retryAfterMs: 5 } });
    }),
  );
  await expect(rig.get()).rejects.toMatchObject({
    code: "NETWORK",
    message: "It broke.",
    details: { retryAfterMs: 5 },
  });
  expect(jobs).toEqual([{ lock: owners[0], token: expect.any(String) as string, reason: "expired" }]);
  expect(JSON.stringify(jobs)).not.toContain(usedToken.slice(0, 12));
});

test("a login that the process could not save is used from memory, and the journal says so", async () => {
  const received: (string | undefined)[] = [];
  const simulator = await simulate();
  const home = makeHome();
  const { refreshToken: usedToken } = writeLogin(home, simulator, expired);
  const fresh = simulator.issueTokens();
  const tokens = {
    ...fresh,
    issuer: simulator.issuer,
    apiOrigin: new URL(simulator.baseUrl).origin,
    generation: 1,
  };
  const error = { code: "STORAGE" as const, message: "No room." };
  const start = played(({ reply }, { kind }) => {
    received.push(kind);
    if (kind === undefined) reply({ kind: "unsaved", tokens, error });
  });
  const rig = tokenRig({ simulator, home, start });
  expect(await rig.get()).toMatchObject({ accessToken: fresh.accessToken });
  expect(received).toEqual([undefined, "taken-over"]);
  expect(rig.tokens.unsavedReason).toMatchObject(error);
  expect(JSON.parse(readFileSync(join(home.stateDir, "refresh.json"), "utf8"))).toMatchObject({
    outcome: "granted",
    by: formatIdentity(rig.self),
  });
  expect(home.record()).toMatchObject({ refreshToken: usedToken });
  await rig.tokens.stop();
  expect(home.record()).toMatchObject({ refreshToken: fresh.refreshToken });
});

test("the wait for a suspended process ends", async () => {
  const clock = fakeClock();
  const simulator = await simulate({ now: () => clock.now() });
  const home = makeHome();
  writeLogin(home, simulator, expired);
  let asked = false as boolean; // the compiler does not see the callback run
  const start = played(() => (asked = true));
  const call = tokenRig({ simulator, home, clock, start }).get();
  const failed = expect(call).rejects.toMatchObject({
    code: "TIMEOUT",
    message: "Another window (process 4711) is refreshing the login and has not finished.",
  });
  while (!asked) await clock.advance(0);
  await clock.advance(25_000);
  await failed;
});

test("no process is started once the server is ending", async () => {
  let started = false;
  const { rig } = await rigWith(played(() => (started = true)));
  await rig.tokens.stop();
  await expect(rig.get()).rejects.toMatchObject({ code: "CANCELLED" });
  expect(started).toBe(false);
});
