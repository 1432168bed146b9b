import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { simModel, type Reply } from "../simulator/index.ts";
import { fakeClock } from "../support/fake-clock.ts";
import { issueLogin, queryRig } from "../support/query-rig.ts";
import { failure } from "../support/replies.ts";
import { simulate } from "../support/server.ts";

const never = new AbortController().signal;
const hour = 3_600_000;
const broken: Reply = { kind: "json", status: 500, body: {} };

async function setUp(options: { clientVersion?: string } = {}) {
  const clock = fakeClock();
  const simulator = await simulate({ now: () => clock.now() });
  const rig = queryRig({ simulator, clock, ...options });
  const asked = () => simulator.requests.filter(({ route }) => route === "models").length;
  /** Another process on the same folder. */
  const other = (more: { clientVersion?: string } = {}) => {
    const next = queryRig({ simulator, clock, home: rig.home, ...options, ...more });
    next.login = rig.login;
    return next;
  };
  return { clock, simulator, rig, asked, other };
}

test("the list is asked for with the version that we report and our own headers", async () => {
  const { simulator, rig } = await setUp({ clientVersion: "0.160.0" });
  const list = await rig.catalog.list(rig.login, never);
  expect(list).toMatchObject({ source: "live", fresh: true });
  expect(list.models).toHaveLength(12);
  const { query, headers } = await simulator.waitForRequest("models");
  expect([...query]).toEqual([["client_version", "0.160.0"]]);
  expect(headers).toMatchObject({
    version: "0.160.0",
    authorization: `Bearer ${rig.login.secret}`,
    "chatgpt-account-id": rig.login.accountId,
    originator: "codex-oauth",
  });
});

test("a fresh list is asked for once, by all processes together", async () => {
  const { rig, asked, other, clock } = await setUp();
  await Promise.all(Array.from({ length: 10 }, () => rig.catalog.list(rig.login, never)));
  await clock.advance(hour - 1);
  expect(await rig.catalog.list(rig.login, never)).toMatchObject({ source: "live", fresh: true });
  const { catalog, login } = other();
  expect(await catalog.list(login, never)).toMatchObject({ source: "live", fresh: true });
  expect(asked()).toBe(1);
});

test("an old list is used at once while a new one is fetched", async () => {
  const { simulator, rig, asked, clock } = await setUp();
  await rig.catalog.list(rig.login, never);
  await clock.advance(hour);
  simulator.switches.models = [simModel("gpt-7")];
  simulator.next("models", { kind: "default", afterCommit: Promise.resolve() });
  const old = await rig.catalog.list(rig.login, never);
  expect(old).toMatchObject({ source: "kept", fresh: false });
  expect(old.models).toHaveLength(12);
  // What runs already is what a refresh waits for.
  const next = await rig.catalog.refresh(rig.login, never);
  expect(next.failure).toBeUndefined();
  expect(next.list.models.map(({ slug }) => slug)).toEqual(["gpt-7"]);
  expect(asked()).toBe(2);
});

test("without the service the kept list is used, else the bundled one", async () => {
  const { simulator, rig, other, clock } = await setUp();
  await rig.catalog.list(rig.login, never);
  simulator.always("models", broken);
  await clock.advance(48 * hour);
  const later = other();
  expect(await later.catalog.refresh(later.login, never)).toMatchObject({
    list: { source: "kept" },
  });
  const stranger = issueLogin(simulator);
  const bundled = await rig.catalog.list({ ...stranger, accountId: "someone else" }, never);
  expect(bundled).toMatchObject({ source: "bundled", fresh: false });
  expect(bundled.models[0]?.slug).toBe("gpt-6.1-sol");
});

test("a fetch in the background that fails disturbs nobody", async () => {
  const clock = fakeClock();
  const simulator = await simulate({ now: () => clock.now() });
  let told: (text: string) => void = () => undefined;
  const failed = new Promise<string>((resolve) => (told = resolve));
  const log = (_: string, text: string) => {
    if (text.includes("could not be fetched")) told(text);
  };
  const { catalog, login } = queryRig({ simulator, clock, log });
  await catalog.list(login, never);
  await clock.advance(hour);
  simulator.always("models", broken);
  expect(await catalog.list(login, never)).toMatchObject({ source: "kept" });
  expect(await failed).toContain("HTTP 500");
  // Nobody waits for it; that it is unhandled would show by now, and fail the run.
  await new Promise((resolve) => setImmediate(resolve));
});

test.each<[string, Reply]>([
  ["500", broken],
  ["a redirect", { kind: "redirect", status: 302, location: "http://127.0.0.1:9/" }],
  ["a challenge", { kind: "html" }],
  ["no JSON", { kind: "raw", body: "oops" }],
  ["another form", { kind: "json", body: { data: [] } }],
  ["an empty list, as for an unknown version", { kind: "json", body: { models: [] } }],
  ["no usable entry", { kind: "json", body: { models: [{}, null] } }],
  ["far too large a list", { kind: "raw", body: "x".repeat(5_000_000) }],
  ["a reset", { kind: "reset" }],
])("%s is no list, and is not kept", async (_, reply) => {
  const { simulator, rig } = await setUp();
  simulator.next("models", reply);
  expect(await rig.catalog.list(rig.login, never)).toMatchObject({ source: "bundled" });
  expect(await rig.catalog.cached(rig.login)).toBeUndefined();
  expect(await rig.catalog.list(rig.login, never)).toMatchObject({ source: "live" });
});

test("a network's sign-in page in place of the list is BLOCKED", async () => {
  const { simulator, rig } = await setUp();
  simulator.next("models", { kind: "html", status: 200, headers: {}, body: "<p>Welcome to the hotel</p>" });
  const { list, failure } = await rig.catalog.refresh(rig.login, never);
  expect(list).toMatchObject({ source: "bundled" });
  expect(failure).toMatchObject({ code: "BLOCKED", message: expect.stringContaining("captive portal") as string });
});

test("the first list is waited for five seconds, and still comes to be known", async () => {
  const { simulator, rig, clock } = await setUp();
  let open: () => void = () => undefined;
  const held = new Promise<void>((resolve) => (open = resolve));
  simulator.next("models", { kind: "default", afterCommit: held });
  const waiting = rig.catalog.list(rig.login, never);
  await simulator.waitForRequest("models");
  await clock.advance(5_000);
  expect(await waiting).toMatchObject({ source: "bundled" });
  open();
  expect(await rig.catalog.refresh(rig.login, never)).toMatchObject({ list: { source: "live" } });
  expect(await rig.catalog.list(rig.login, never)).toMatchObject({ source: "live" });
});

test("the caller's cancellation ends the wait, not the fetch", async () => {
  const { simulator, rig } = await setUp();
  const cancel = new AbortController();
  const waiting = rig.catalog.list(rig.login, cancel.signal);
  await simulator.waitForRequest("models");
  cancel.abort(new Error("gone"));
  await expect(waiting).rejects.toThrow("gone");
  expect(await rig.catalog.refresh(rig.login, never)).toMatchObject({ list: { source: "live" } });
});

test("every account and every version has a list of its own", async () => {
  const { rig, other, asked, simulator } = await setUp();
  await rig.catalog.list(rig.login, never);
  const older = other({ clientVersion: "0.150.0" });
  const list = await older.catalog.list(older.login, never);
  expect(list.models.map(({ slug }) => slug)).not.toContain("gpt-6-astra");
  const second = simulator.issueTokens({ account: { accountId: "second-account" } });
  const { accessToken: secret, accountId } = second;
  await rig.catalog.list({ ...rig.login, secret, accountId }, never);
  expect(asked()).toBe(3);
  const names = readdirSync(rig.home.stateDir);
  expect(names.filter((name) => /^models-[0-9a-f]{16}\.json$/.test(name))).toHaveLength(3);
});

test("a list from the future is not fresh for ever", async () => {
  const { rig, other } = await setUp();
  await rig.catalog.list(rig.login, never);
  const [name] = readdirSync(rig.home.stateDir);
  const path = join(rig.home.stateDir, name!);
  const kept = JSON.parse(readFileSync(path, "utf8")) as { fetchedAt: number };
  writeFileSync(path, JSON.stringify({ ...kept, fetchedAt: kept.fetchedAt + 24 * hour }));
  const later = other();
  expect(await later.catalog.cached(later.login)).toMatchObject({ fresh: false });
});

test.each(["", "[]", '{"fetchedAt":0}', '{"fetchedAt":0,"models":[]}'])(
  "a kept file that holds %j is as good as none",
  async (text) => {
    const { rig, other } = await setUp();
    await rig.catalog.list(rig.login, never);
    const [name] = readdirSync(rig.home.stateDir);
    writeFileSync(join(rig.home.stateDir, name!), text);
    const later = other();
    expect(await later.catalog.cached(later.login)).toBeUndefined();
  },
);

test("after a model was refused the list is fetched anew", async () => {
  const { simulator, rig, asked } = await setUp();
  await rig.catalog.list(rig.login, never);
  simulator.switches.disallowedModels = ["gpt-5.5"];
  simulator.switches.models = simulator.switches.models.filter(({ slug }) => slug === "gpt-6-sol");
  simulator.next("responses", { kind: "json", status: 404, body: { detail: "Model not found x" } });
  await failure(rig.ask({ model: "codex-auto-review" }).reply);
  await simulator.waitForRequest("models", 2);
  await rig.catalog.refresh(rig.login, never);
  expect((await rig.catalog.cached(rig.login))?.models).toHaveLength(1);
  expect(asked()).toBeGreaterThanOrEqual(2);
});

test("a token is not part of what is kept", async () => {
  const { rig } = await setUp();
  await rig.catalog.list(rig.login, never);
  const [name] = readdirSync(rig.home.stateDir);
  const text = readFileSync(join(rig.home.stateDir, name!), "utf8");
  expect(text).not.toContain(rig.login.secret);
  expect(`${name}${text}`).not.toContain(rig.login.accountId);
});

const unauthorized: Reply = { kind: "json", status: 401, body: { detail: "Unauthorized" } };

test("a refused token is replaced once, and the list asked for once more", async () => {
  const { simulator, rig, asked } = await setUp();
  const before = rig.login;
  simulator.revokeAccess(before.secret);
  expect(await rig.catalog.list(before, never)).toMatchObject({ source: "live" });
  expect([rig.renewals, asked()]).toEqual([1, 2]);
  expect(simulator.requests.at(-1)?.headers["authorization"]).toBe(`Bearer ${rig.login.secret}`);
});

test("a list that is refused after a renewal, too, costs no further one", async () => {
  const { simulator, rig, asked } = await setUp();
  simulator.always("models", unauthorized);
  expect(await rig.catalog.list(rig.login, never)).toMatchObject({ source: "bundled" });
  expect([rig.renewals, asked()]).toEqual([1, 2]);
  expect(await rig.catalog.list(rig.login, never)).toMatchObject({ source: "bundled" });
  expect([rig.renewals, asked()]).toEqual([1, 3]);
});

test("a token that cannot be replaced leaves the kept list, else the bundled one", async () => {
  const { simulator, rig, clock } = await setUp();
  await rig.catalog.list(rig.login, never);
  await clock.advance(48 * hour);
  simulator.always("models", unauthorized);
  rig.refuseRenewal = true;
  expect(await rig.catalog.refresh(rig.login, never)).toMatchObject({ list: { source: "kept" } });
  const stranger = { ...rig.login, accountId: "someone else" };
  expect(await rig.catalog.refresh(stranger, never)).toMatchObject({
    list: { source: "bundled" },
    failure: { code: "AUTH_EXPIRED" },
  });
});

test("a list of another account, which is signed in meanwhile, is not taken for this one's", async () => {
  const { simulator, rig, asked } = await setUp();
  const before = rig.login;
  rig.nextLogin = { ...issueLogin(simulator), accountId: "someone else" };
  simulator.next("models", unauthorized);
  expect(await rig.catalog.list(before, never)).toMatchObject({ source: "bundled" });
  expect(await rig.catalog.cached(before)).toBeUndefined();
  expect(asked()).toBe(1);
});
