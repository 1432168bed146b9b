import { expect, test } from "vitest";
import type { TextResponse } from "../../../src/http/http.ts";
import { renderFix } from "../../../src/render/next-step.ts";
import { CodexError } from "../../../src/shared/errors.ts";
import { act, type NextSteps } from "../../../src/shared/next-step.ts";
import type { Check } from "../../../src/status/doctor/doctor.ts";
import { networkChecks, type NetworkDeps } from "../../../src/status/doctor/network.ts";
import type { Finding } from "../../../src/status/finding.ts";
import { fakeClock } from "../../support/fake-clock.ts";

const minute = 60_000;
const clock = fakeClock();
type FetchText = NetworkDeps["http"]["fetchText"];
const unasked = () => Promise.reject(new Error("nothing is asked"));

/** One of the checks with these facts. */
function check(name: string, facts: Partial<NetworkDeps>): Check {
  const checks = networkChecks({
    http: { fetchText: unasked },
    userAgent: "agent/1",
    clock,
    targets: () => Promise.resolve([{ origin: "https://api.test", path: "/models" }]),
    proxyVariable: () => undefined,
    callbackPorts: [1455, 1457],
    portState: unasked,
    ownPort: () => undefined,
    ...facts,
  });
  const found = checks.find((one) => one.name === name);
  if (found === undefined) throw new Error(`no check ${name}`);
  return found;
}

const run = async (name: string, facts: Partial<NetworkDeps>): Promise<Finding[]> =>
  check(name, facts).run(new AbortController().signal);

const findNetwork = (fetchText: FetchText) => run("network", { http: { fetchText } });
const response = (status: number, headers: TextResponse["headers"] = {}): TextResponse => ({
  status,
  headers,
  text: "",
});

test("an origin that answers its front page, whatever it says, is reachable", async () => {
  const requests: unknown[] = [];
  const found = await findNetwork(async ({ method, url, headers }) => {
    requests.push([method, url, headers?.["user-agent"], headers?.["authorization"]]);
    await clock.advance(31);
    return response(404);
  });
  expect(found).toEqual([
    { check: "network", level: "ok", message: "https://api.test is reachable, HTTP 404 in 31 ms." },
  ]);
  expect(requests).toEqual([["HEAD", "https://api.test/", "agent/1", undefined]]);
});

test("where the front page is guarded, the path that is used decides", async () => {
  const challenged = response(403, { "cf-mitigated": "challenge" });
  const found = await findNetwork(({ url }) =>
    Promise.resolve(url === "https://api.test/models" ? response(401) : challenged),
  );
  expect(found).toMatchObject([
    { level: "ok", message: "https://api.test is reachable, HTTP 401 in 0 ms (only the front page is guarded)." },
  ]);
  expect(await findNetwork(() => Promise.resolve(challenged))).toMatchObject([
    {
      level: "problem",
      message: expect.stringMatching(
        /^https:\/\/api\.test is blocked on this way: HTTP 403 .* not affected\.$/,
      ) as string,
      fix: [act("Try without VPN or proxy, or from another network; wait a few minutes before you repeat it")],
    },
  ]);
});

test("an origin that is not reachable is told with the failure's own next step", async () => {
  const failed = (why?: string, next?: NextSteps) =>
    findNetwork(() => Promise.reject(new CodexError("NETWORK", "It failed.", { why, next })));
  expect(await failed(undefined, [act("Set the proxy")])).toMatchObject([
    {
      check: "network",
      level: "problem",
      message: "https://api.test is not reachable: It failed.",
      fix: [act("Set the proxy")],
    },
  ]);
  const [finding] = await failed("The name is unknown.");
  expect(finding?.message).toBe("https://api.test is not reachable: It failed. The name is unknown.");
  expect(renderFix(finding?.fix ?? [], "cli")).toContain("Check the connection and the proxy settings");
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
  [[undefined], undefined, undefined],
])("servers that are %j ms ahead: %s", async (ahead, level, message) => {
  const still = fakeClock(); // a date has whole seconds
  const dates = ahead.map((ms) => (ms === undefined ? undefined : new Date(still.now() + ms).toUTCString()));
  const found = await run("network", {
    clock: still,
    targets: () => Promise.resolve(ahead.map((_, n) => ({ origin: `https://${n}.test`, path: "/" }))),
    http: { fetchText: ({ url }) => Promise.resolve(response(200, { date: dates[Number(new URL(url).hostname[0])] })) },
  });
  const skews = found.filter((finding) => finding.check === "clock");
  expect(skews).toHaveLength(level === undefined ? 0 : 1);
  expect(found).toHaveLength(ahead.length + skews.length);
  if (message === undefined) return;
  expect(skews).toMatchObject([{ level, message: expect.stringMatching(message) as string }]);
  expect(skews[0]?.fix === undefined).toBe(level === "ok");
});

test("services that give no sign are a problem, and the proxy on the way is named", () => {
  expect(check("network", {}).onTimeout?.(12)).toMatchObject({ check: "network", level: "problem" });
  const finding = check("network", { proxyVariable: () => "HTTPS_PROXY" }).onTimeout?.(12);
  expect([finding?.level, finding?.message]).toEqual([
    "problem",
    "The services gave no sign within 12 s; the proxy of HTTPS_PROXY stands on the way.",
  ]);
  expect(renderFix(finding?.fix ?? [], "cli")).toMatch(/^Correct HTTPS_PROXY/);
});

type PortReport = Awaited<ReturnType<NetworkDeps["portState"]>>;
const free: PortReport = { state: "free" };
const busy: PortReport = { state: "busy", pid: 99, name: "cursor" };
const findPorts = (first: PortReport, second: PortReport, ownPort?: number) =>
  run("ports", {
    portState: (port) => Promise.resolve(port === 1455 ? first : second),
    ownPort: () => ownPort,
  });
const portLines = async (...reports: Parameters<typeof findPorts>) =>
  (await findPorts(...reports)).map(({ level, message }) => [level, message]);

test("a port that others hold matters only where no other one is free", async () => {
  expect(await portLines(free, free)).toEqual([
    ["ok", "Free for the browser's return."],
    ["ok", "Free for the browser's return."],
  ]);
  expect((await portLines(busy, free))[0]).toEqual([
    "note",
    "cursor (process 99) listens on it. A sign-in takes another port.",
  ]);
  expect(await portLines(busy, { state: "busy", pid: 7 })).toEqual([
    ["problem", "cursor (process 99) listens on it."],
    ["problem", "Process 7 listens on it."],
  ]);
  expect((await portLines(busy, { state: "busy" }))[1]).toEqual(["problem", "Another program listens on it."]);
});

test("a port that the system has reserved has a fix of its own", async () => {
  const [finding] = await findPorts({ state: "reserved" }, busy);
  expect(finding).toMatchObject({ check: "port 1455", level: "problem" });
  expect(renderFix(finding?.fix ?? [], "cli")).toContain("netsh int ipv4 show excludedportrange tcp");
});

test("our own sign-in that waits is no conflict", async () => {
  expect(await portLines(busy, busy, 1455)).toEqual([
    ["ok", "The sign-in that waits here listens on it."],
    ["note", "cursor (process 99) listens on it. A sign-in takes another port."],
  ]);
});

test("port 0, which the system chooses, is not probed", async () => {
  expect(await run("ports", { callbackPorts: [0] })).toEqual([]);
});
