import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Quota } from "../../src/quota/quota.ts";
import { QuotaCache } from "../../src/quota/quota-cache.ts";
import {
  failedEvent,
  rateLimitsEvent,
  usageLimitBody,
  weeklyOnlyRateLimitHeaders,
  type Reply,
} from "../simulator/index.ts";
import { makeHome, type Home } from "../support/home.ts";
import { issueLogin, queryRig } from "../support/query-rig.ts";
import { answer, completed, delta, failure } from "../support/replies.ts";
import { simulate } from "../support/server.ts";
import { stateFolder } from "../support/state.ts";

function memory({ stateDir }: Home): QuotaCache {
  return new QuotaCache(stateFolder(stateDir));
}

function quota(usedPercent: number, seenAt = usedPercent): Quota {
  return {
    seenAt,
    plan: "plus",
    windows: [{ usedPercent, windowMinutes: 300, resetsAt: undefined }],
  };
}

test("what one process saw, another one knows, with its age", async () => {
  const simulator = await simulate();
  const [home, login] = [makeHome(), issueLogin(simulator)];
  const first = memory(home);
  first.remember(login, quota(12));
  expect(await first.lastSeen(login)).toEqual(quota(12));
  expect(await memory(home).lastSeen(login)).toEqual(quota(12));
  expect(statSync(join(home.stateDir, "quota.json")).mode & 0o777).toBe(0o600);
});

test("a hundred answers at once leave the last one, whole, and no litter", async () => {
  const simulator = await simulate();
  const [home, login] = [makeHome(), issueLogin(simulator)];
  const first = memory(home);
  for (let n = 1; n <= 100; n++) first.remember(login, quota(n));
  expect(await first.lastSeen(login)).toEqual(quota(100));
  expect(await memory(home).lastSeen(login)).toEqual(quota(100));
  expect(readdirSync(home.stateDir)).toEqual(["quota.json"]);
});

test("a change is written at once, a repetition when the file's word is a minute old", async () => {
  const simulator = await simulate();
  const [home, login] = [makeHome(), issueLogin(simulator)];
  const first = memory(home);
  const inFileAfter = async (seen: Quota): Promise<number | undefined> => {
    first.remember(login, seen);
    await first.lastSeen(login);
    return (await memory(home).lastSeen(login))?.seenAt;
  };
  expect(await inFileAfter(quota(12, 1_000))).toBe(1_000);
  expect(await inFileAfter(quota(12, 60_999))).toBe(1_000);
  expect((await first.lastSeen(login))?.seenAt).toBe(60_999);
  expect(await inFileAfter(quota(12, 61_000))).toBe(61_000);
  expect(await inFileAfter(quota(13, 61_001))).toBe(61_001);
  expect(await inFileAfter(quota(12, 61_002))).toBe(61_002);
});

test("one account's quota is not another's, and its id is not in the file", async () => {
  const simulator = await simulate();
  const [home, login] = [makeHome(), issueLogin(simulator)];
  const first = memory(home);
  first.remember(login, quota(12));
  expect(await first.lastSeen({ ...login, accountId: "another" })).toBeUndefined();
  expect(await first.lastSeen({ ...login, baseUrl: "https://other.test/v1" })).toBeUndefined();
});

test.each(["", "{}", '{"account":1}', "not json"])("a file that holds %j is as good as none", async (text) => {
  const simulator = await simulate();
  const [home, login] = [makeHome(), issueLogin(simulator)];
  const first = memory(home);
  first.remember(login, quota(12));
  await first.lastSeen(login);
  writeFileSync(join(home.stateDir, "quota.json"), text);
  expect(await memory(home).lastSeen(login)).toBeUndefined();
  // The process that saw it knows it all the same.
  expect(await first.lastSeen(login)).toEqual(quota(12));
});

const used = (percent: string): Record<string, string> => ({
  "x-codex-plan-type": "plus",
  "x-codex-primary-used-percent": percent,
  "x-codex-primary-window-minutes": "10080",
});

test("an answer tells and keeps the quota of its headers", async () => {
  const simulator = await simulate();
  simulator.switches.rateLimitHeaders = weeklyOnlyRateLimitHeaders(Date.now(), "plus");
  const rig = queryRig({ simulator });
  const reply = await rig.ask().reply;
  expect(reply.quota?.windows).toMatchObject([{ usedPercent: 22, windowMinutes: 10_080 }]);
  expect(await rig.quota.lastSeen(rig.login)).toEqual(reply.quota);
});

test("the stream's own word is newer than that of the headers", async () => {
  const simulator = await simulate();
  const events = [delta("hi"), rateLimitsEvent(), completed()];
  simulator.next("responses", { kind: "stream", headers: used("90"), events });
  const rig = queryRig({ simulator });
  expect((await rig.ask().reply).quota?.windows).toMatchObject([{ usedPercent: 12 }]);
});

test("an answer without a word on it leaves what was seen before", async () => {
  const simulator = await simulate();
  const rig = queryRig({ simulator });
  await rig.ask().reply;
  const before = await rig.quota.lastSeen(rig.login);
  simulator.next("responses", answer("no headers"));
  expect((await rig.ask().reply).quota).toBeUndefined();
  expect(await rig.quota.lastSeen(rig.login)).toEqual(before);
});

test.each([
  ["a usage limit", { kind: "json", status: 429, headers: used("100"), body: usageLimitBody() }],
  ["a failed stream", { kind: "stream", headers: used("100"), events: [failedEvent("x", "")] }],
  ["an early end", { kind: "stream", headers: used("100"), events: [delta("Half")] }],
] as const)("the quota that came with %s is kept, too", async (_, reply) => {
  const simulator = await simulate();
  simulator.next("responses", reply as Reply);
  const rig = queryRig({ simulator, limits: { maxRetries: 0 } });
  await failure(rig.ask().reply);
  expect((await rig.quota.lastSeen(rig.login))?.windows).toMatchObject([{ usedPercent: 100 }]);
});

test("a flush puts the last word into the file", async () => {
  const simulator = await simulate();
  const [home, login] = [makeHome(), issueLogin(simulator)];
  const first = memory(home);
  first.remember(login, quota(12));
  first.remember(login, quota(13));
  await first.flush();
  expect(JSON.parse(readFileSync(join(home.stateDir, "quota.json"), "utf8"))).toMatchObject({
    seenAt: 13,
  });
});
