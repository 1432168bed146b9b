import { expect, test } from "vitest";
import type { OriginHealth } from "../../../src/status/doctor/health.ts";
import { judgeClock, judgeLate, judgeOrigin, judgePorts, type PortReport } from "../../../src/status/doctor/network.ts";
import { renderFix } from "../../../src/render/next-step.ts";
import { act } from "../../../src/shared/next-step.ts";

const minute = 60_000;
const healthy: OriginHealth = {
  origin: "https://api.test",
  reachable: true,
  detail: "HTTP 200 in 31 ms",
  blocked: false,
  clockAheadMs: 0,
  fix: undefined,
};

test("an origin is reachable, blocked or not reachable, with the failure's own next step", () => {
  expect(judgeOrigin(healthy)).toMatchObject({
    level: "ok",
    message: "https://api.test is reachable, HTTP 200 in 31 ms.",
  });
  expect(judgeOrigin({ ...healthy, blocked: true })).toMatchObject({
    level: "problem",
    fix: [act("Try without VPN or proxy, or from another network; wait a few minutes before you repeat it")],
  });
  const failed = {
    ...healthy,
    reachable: false,
    detail: "It failed.",
    fix: [act("Set the proxy")],
  };
  expect(judgeOrigin(failed)).toMatchObject({
    level: "problem",
    message: "https://api.test is not reachable: It failed.",
    fix: [act("Set the proxy")],
  });
});

test.each([
  [[0], "ok", /agrees/],
  [[59_000], "ok", /agrees/],
  [[-60_000], "ok", /agrees/],
  [[2 * minute], "note", /2 min behind/],
  [[-2 * minute], "note", /2 min ahead of/],
  [[6 * minute], "problem", /6 min behind.*expired/],
  [[-90 * minute, undefined], "problem", /1 h 30 min ahead of/],
  [[90 * minute, 1_000], "ok", /agrees/],
])("servers that are %j ms ahead: %s", (ahead, level, message) => {
  const [finding] = judgeClock(ahead.map((clockAheadMs) => ({ ...healthy, clockAheadMs })));
  expect(finding).toMatchObject({ check: "clock", level });
  expect(finding?.message).toMatch(message);
  expect(finding?.fix === undefined).toBe(level === "ok");
});

test("no date, no judgement", () => {
  expect(judgeClock([{ ...healthy, clockAheadMs: undefined }])).toEqual([]);
});

test("services that give no sign are a problem, and the proxy on the way is named", () => {
  expect(judgeLate(12, undefined)).toMatchObject({ check: "network", level: "problem" });
  const { level, message, fix } = judgeLate(12, "HTTPS_PROXY");
  expect([level, message]).toEqual([
    "problem",
    "The services gave no sign within 12 s; the proxy of HTTPS_PROXY stands on the way.",
  ]);
  expect(renderFix(fix ?? [], "cli")).toMatch(/^Correct HTTPS_PROXY/);
});

const free: PortReport = { state: "free" };
const held: PortReport = { state: "busy", pid: 99, name: "cursor" };
const judge = (first: PortReport, second: PortReport, own?: number) =>
  judgePorts(
    [
      [1455, first],
      [1457, second],
    ],
    own,
  ).map(({ level, message }) => [level, message]);

test("a port that others hold matters only where no other one is free", () => {
  expect(judge(free, free)).toEqual([
    ["ok", "Free for the browser's return."],
    ["ok", "Free for the browser's return."],
  ]);
  expect(judge(held, free)[0]).toEqual(["note", "cursor (process 99) listens on it. A sign-in takes another port."]);
  expect(judge(held, { state: "busy", pid: 7 })).toEqual([
    ["problem", "cursor (process 99) listens on it."],
    ["problem", "Process 7 listens on it."],
  ]);
  expect(judge(held, { state: "busy" })[1]).toEqual(["problem", "Another program listens on it."]);
});

test("a port that the system has reserved has a fix of its own", () => {
  const [finding] = judgePorts([[1455, { state: "reserved" }]], undefined);
  expect(finding).toMatchObject({ level: "problem" });
  expect(renderFix(finding?.fix ?? [], "cli")).toContain("netsh int ipv4 show excludedportrange tcp");
});

test("our own sign-in that waits is no conflict", () => {
  expect(judge(held, held, 1455)).toEqual([
    ["ok", "The sign-in that waits here listens on it."],
    ["note", "cursor (process 99) listens on it. A sign-in takes another port."],
  ]);
});
