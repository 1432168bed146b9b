import { existsSync, readdirSync } from "node:fs";
import { inspect } from "node:util";
import { createContext, runInContext } from "node:vm";
import { act } from "../../../src/shared/next-step.ts";
import { expect, test } from "vitest";
import { createSession } from "../../../src/app/session.ts";
import type { CredentialStore } from "../../../src/auth/session/program-store.ts";
import type { Clock } from "../../../src/platform/clock.ts";
import { deferred } from "../../../src/platform/promises.ts";
import { fingerprint } from "../../../src/platform/random.ts";
import type { RecordedRequest, Simulator } from "../../simulator/index.ts";
import { testApp, testPlatform } from "../../support/app.ts";
import { codeBlocks, read } from "../../support/documents.ts";
import { expectNoSecrets } from "../../support/canary.ts";
import { fakeClock } from "../../support/fake-clock.ts";
import { makeHome } from "../../support/home.ts";
import { MemoryStore, storeLogin } from "../../support/memory-store.ts";
import { failure } from "../../support/replies.ts";
import { simulate } from "../../support/server.ts";
import { uncancelled } from "../../support/token-rig.ts";

const minute = 60_000;
const expired = { accessExpiresInMs: -minute };

interface ClientOptions {
  clock?: Clock;
  logged?: string[];
}

/** One process on the store. */
function client(simulator: Simulator, credentials: CredentialStore, { clock, logged = [] }: ClientOptions = {}) {
  const platform = testPlatform({
    home: makeHome(),
    simulator,
    credentials,
    ...(clock === undefined ? {} : { clock }),
    takeLog: (_, text) => void logged.push(text),
  });
  const start = (): never => {
    throw new Error("no process may be started");
  };
  const session = createSession(platform, start, credentials);
  return { ...session, get: () => session.tokens.getTokens(uncancelled()) };
}

function grantOf(tokens: ReturnType<Simulator["issueTokens"]>) {
  const { accessToken: access_token, refreshToken: refresh_token, idToken: id_token } = tokens;
  return { access_token, refresh_token, id_token };
}

function revokedToken(request: RecordedRequest): unknown {
  return (request.json as { token: string }).token;
}

test("sign-in, question, refresh and sign-out use the store, and nothing in the home folder", async () => {
  const simulator = await simulate();
  const [store, home, logged] = [new MemoryStore(), makeHome(), [] as string[]];
  const takeLog = (_: string, text: string): void => void logged.push(text);
  const { codex, parts } = testApp({ home, simulator, credentials: store, takeLog });
  expect(await parts.tokens.state()).toMatchObject({ tokens: undefined, damaged: false });
  expect(await failure(codex.query({ prompt: "hi" }))).toMatchObject({
    code: "AUTH_REQUIRED",
  });

  const { authorizationUrl, completed } = await parts.flow.begin();
  await simulator.signIn(authorizationUrl);
  const login = await completed;
  expect(store.content).toMatchObject({ codex: { refreshToken: login.refreshToken } });
  expect((await codex.query({ prompt: "hi" })).text).toBe("The simulator received: hi");

  simulator.expireAccess(login.accessToken);
  expect((await codex.query({ prompt: "again" })).text).toBe("The simulator received: again");
  expect(simulator.stats.refreshes).toBe(1);
  const { tokens: next } = await parts.tokens.state();
  expect(next?.refreshToken).toBe(simulator.family(login.refreshToken)?.current);
  expect(Object.keys(store.content ?? {})).toEqual(["codex"]);
  expect(store.content).toMatchObject({ codex: { refreshToken: next?.refreshToken } });

  expect(await parts.tokens.signOut({ localOnly: false })).toMatchObject({
    removed: { refreshToken: next?.refreshToken },
    revoked: "revoked",
  });
  expect(store.stored).toBeUndefined();
  await codex.close();
  expect(readdirSync(home.path)).toEqual([]);
  expectNoSecrets(logged.join("\n"), simulator.secrets(), "the log");
});

test.each([0, 3])("ten clients on one expired login send one refresh: %d turns a call", async (turns) => {
  const simulator = await simulate();
  const store = new MemoryStore();
  store.before = async () => {
    for (let n = 0; n < turns; n++) await new Promise((resolve) => setImmediate(resolve));
  };
  const { refreshToken: usedToken } = storeLogin(store, simulator, expired);
  const clients = Array.from({ length: 10 }, () => client(simulator, store));
  const got = await Promise.all(clients.map(({ get }) => get()));
  expect(new Set(got.map(({ accessToken }) => accessToken)).size).toBe(1);
  expect(simulator.requests.map(({ route }) => route)).toEqual(["token:refresh"]);
  expect(simulator.family(usedToken)?.revoked).toBe(false);
  expect(Object.keys(store.content ?? {})).toEqual(["codex"]);
});

test("the claim is in the store before the request, and no secret is in it", async () => {
  const simulator = await simulate();
  const store = new MemoryStore();
  const { refreshToken } = storeLogin(store, simulator, expired);
  const gate = deferred<undefined>();
  simulator.next("token:refresh", { kind: "default", afterCommit: gate.promise });
  const call = client(simulator, store).get();
  await simulator.waitForRequest("token:refresh");
  const { codex, ...notes } = store.content ?? {};
  expect(codex).toMatchObject({ refreshToken });
  expect(notes).toEqual({
    claim: {
      token: fingerprint(refreshToken),
      number: 1,
      owner: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
      accessToken: fingerprint(String(codex?.["accessToken"])),
      attempts: 0,
      at: expect.any(Number) as number,
      uptimeMs: 0,
    },
  });
  expectNoSecrets(JSON.stringify(notes), simulator.secrets(), "the notes");
  gate.resolve(undefined);
  await call;
});

test("a save that fails is told to every process with its reason, and tried again until it succeeds", async () => {
  const clock = fakeClock();
  const simulator = await simulate({ now: () => clock.now() });
  const store = new MemoryStore();
  const { refreshToken: usedToken } = storeLogin(store, simulator, expired);
  const gate = deferred<undefined>();
  simulator.next("token:refresh", { kind: "default", afterCommit: gate.promise });
  const [first, second] = [client(simulator, store, { clock }), client(simulator, store, { clock })];
  const call = failure(first.get());
  await simulator.waitForRequest("token:refresh");
  const save = store.save.bind(store);
  store.save = (next, expected) => {
    const { current = "" } = simulator.family(usedToken) ?? {};
    // The claim can be saved, the login can't.
    if (next?.value.includes(current) === true) throw new Error(`Failed query, params: ${current}`);
    return save(next, expected);
  };
  gate.resolve(undefined);
  const errors = await clock.until(Promise.all([call, failure(second.get())]));
  for (const error of errors) {
    expect(error).toMatchObject({ code: "STORAGE", message: "The login was refreshed, but could not be saved yet." });
  }
  const { unsaved, tokens } = await second.tokens.state();
  for (const error of [...errors, unsaved]) expectNoSecrets(inspect(error?.details), simulator.secrets(), "it");
  expect(unsaved).toMatchObject({ code: "STORAGE", message: "The program's credential store failed in save()." });
  expect(tokens).toMatchObject({ refreshToken: usedToken });
  expect(store.content).toMatchObject({ codex: { refreshToken: usedToken }, claim: { outcome: "granted" } });
  expectNoSecrets(JSON.stringify(store.content?.["claim"]), simulator.secrets(), "the claim");

  store.save = save;
  await clock.until(first.refresher.settled(), 5_000);
  const { current } = simulator.family(usedToken) ?? {};
  expect(store.content).toMatchObject({ codex: { refreshToken: current } });
  for (const { get } of [first, second]) expect(await get()).toMatchObject({ refreshToken: current });
  expect((await first.tokens.state()).unsaved).toBeUndefined();
  expect(simulator.stats).toMatchObject({ refreshes: 1, replays: 0 });
});

test("a store that fails before the request keeps it from being sent", async () => {
  const simulator = await simulate();
  const store = new MemoryStore();
  storeLogin(store, simulator, expired);
  const { get } = client(simulator, store);
  store.before = (call) => {
    if (call === "save") throw new Error("down");
  };
  expect(await failure(get())).toMatchObject({
    code: "STORAGE",
    details: { why: "It said: Error: down" },
  });
  expect(simulator.requests).toEqual([]);
  store.before = () => undefined;
  await get();
  expect(simulator.stats.refreshes).toBe(1);
});

test("a refresh that fails while its caller looks at the store is told, and not begun again", async () => {
  const clock = fakeClock();
  const simulator = await simulate({ now: () => clock.now() });
  const store = new MemoryStore();
  storeLogin(store, simulator, expired);
  const { get } = client(simulator, store, { clock });
  const prepared = deferred<undefined>();
  let loads = 0;
  store.before = async () => {
    loads++;
    // The manager, three times the coordinator, the refresh; then its preparation.
    if (loads === 6) await prepared.promise;
    if (loads !== 7) return;
    prepared.reject(new Error("down"));
    for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
  };
  const error = await clock.until(failure(get()));
  expect(error).toMatchObject({ code: "STORAGE", details: { why: "It said: Error: down" } });
  expect(simulator.requests).toEqual([]);
  expect(clock.pending).toBe(0);
});

test("a save whose answer is lost counts as made", async () => {
  const simulator = await simulate();
  const store = new MemoryStore();
  storeLogin(store, simulator, expired);
  const save = store.save.bind(store);
  store.save = async (...args) => {
    await save(...args);
    throw new Error("connection lost");
  };
  const { tokens, get } = client(simulator, store);
  const login = await get();
  expect((await tokens.state()).unsaved).toBeUndefined();
  expect(store.content).toMatchObject({ codex: { refreshToken: login.refreshToken } });
});

test.each(["sign-in", "sign-out"])(
  "a %s during the refresh counts, and the granted tokens are revoked",
  async (change) => {
    const simulator = await simulate();
    const store = new MemoryStore();
    const { refreshToken: usedToken } = storeLogin(store, simulator, expired);
    const gate = deferred<undefined>();
    simulator.next("token:refresh", { kind: "default", afterCommit: gate.promise });
    const call = client(simulator, store).get();
    call.catch(() => undefined);
    await simulator.waitForRequest("token:refresh");
    const other = client(simulator, store).tokens;
    const issued = simulator.issueTokens();
    if (change === "sign-in") await other.saveLogin(grantOf(issued));
    else await other.signOut({ localOnly: true });
    const after = store.stored;
    gate.resolve(undefined);
    if (change === "sign-in") {
      expect(await call).toMatchObject({ accessToken: issued.accessToken });
    } else {
      expect(await failure(call)).toMatchObject({ code: "AUTH_REQUIRED" });
    }
    expect(store.stored).toBe(after);
    const revocation = await simulator.waitForRequest("revoke");
    expect(revokedToken(revocation)).toBe(simulator.family(usedToken)?.current);
    expect(simulator.family(issued.refreshToken)?.revoked).toBe(false);
  },
);

/** A claim of another process, of which only the note is known. */
function otherClaim({ refreshToken }: { refreshToken: string }, at = 0) {
  return { token: fingerprint(refreshToken), number: 1, owner: "other", attempts: 0, at, uptimeMs: 0 };
}

test.each([0, 2 ** 42])(
  "the claim of a process that died is waited out by this process's own time, whatever its date (%d) says",
  async (at) => {
    const clock = fakeClock();
    const simulator = await simulate({ now: () => clock.now() });
    const store = new MemoryStore();
    const stored = storeLogin(store, simulator, expired);
    store.put({ ...store.content, claim: otherClaim(stored, at) });
    const call = client(simulator, store, { clock }).get();
    await clock.advance(20_000);
    clock.set(clock.now() + 60 * minute);
    await clock.advance(39_500);
    expect(simulator.requests).toEqual([]);
    await clock.until(call);
    expect(simulator.stats.refreshes).toBe(1);
    expect(clock.elapsed()).toBeLessThan(61_000);
  },
);

test("a claim that changes is of a process that lives, and the wait for it ends", async () => {
  const clock = fakeClock();
  const simulator = await simulate({ now: () => clock.now() });
  const store = new MemoryStore();
  const stored = storeLogin(store, simulator, expired);
  const put = (at: number): void => {
    store.put({ ...store.content, claim: otherClaim(stored, at) });
  };
  put(0);
  const call = failure(client(simulator, store, { clock }).get());
  for (let second = 0; second < 90; second += 30) {
    await clock.advance(30_000);
    put(second + 1);
  }
  expect(await call).toMatchObject({ code: "TIMEOUT" });
  expect(simulator.requests).toEqual([]);
});

test("a token that still works does not wait for another process's refresh", async () => {
  const simulator = await simulate();
  const store = new MemoryStore();
  const stored = storeLogin(store, simulator, { accessExpiresInMs: minute });
  store.put({ ...store.content, claim: otherClaim(stored) });
  const { get, tokens } = client(simulator, store);
  for (let call = 0; call < 5; call++) expect(await get()).toMatchObject({ accessToken: stored.accessToken });
  await tokens.stop();
  expect(simulator.requests).toEqual([]);
});

test("a process that ends stops waiting for a claim", async () => {
  const clock = fakeClock();
  const simulator = await simulate({ now: () => clock.now() });
  const store = new MemoryStore();
  const stored = storeLogin(store, simulator, expired);
  store.put({ ...store.content, claim: otherClaim(stored) });
  const { get, tokens } = client(simulator, store, { clock });
  const call = failure(get());
  await clock.advance(1_000);
  await tokens.stop();
  expect((await call).code).toBe("CANCELLED");
  expect(clock.pending).toBe(0);
});

test("a refused token is asked once among all clients, until the user signs in", async () => {
  const simulator = await simulate();
  const store = new MemoryStore();
  const dead = storeLogin(store, simulator, expired);
  const refusal = { error: { code: "refresh_token_expired", message: "Expired." } };
  simulator.next("token:refresh", { kind: "json", status: 401, body: refusal });
  const clients = Array.from({ length: 3 }, () => client(simulator, store));
  for (const { get } of [...clients, ...clients]) {
    expect((await failure(get())).code).toBe("AUTH_EXPIRED");
  }
  expect(simulator.requests).toHaveLength(1);
  expect(store.content).toMatchObject({ codex: { refreshToken: dead.refreshToken } });
  const issued = simulator.issueTokens();
  await clients[0]?.tokens.saveLogin(grantOf(issued));
  expect(Object.keys(store.content ?? {})).toEqual(["codex"]);
  expect(await clients[1]?.get()).toMatchObject({ accessToken: issued.accessToken });
});

test("a store that does not answer is given up after ten seconds", async () => {
  const clock = fakeClock();
  const simulator = await simulate({ now: () => clock.now() });
  const store = new MemoryStore();
  store.before = () => new Promise(() => undefined);
  const state = failure(client(simulator, store, { clock }).tokens.state());
  await clock.advance(10_000);
  expect(await state).toMatchObject({
    code: "STORAGE",
    details: { why: "It did not answer within ten seconds." },
  });
});

test.each<[string, unknown]>([
  ["a text", "text"],
  ["a value that is no text", { version: "1", value: {} }],
  ["no version", { value: "{}" }],
])("a store that loads %s is refused", async (_, loaded) => {
  const store = new MemoryStore();
  store.load = () => Promise.resolve(loaded as undefined);
  const state = client(await simulate(), store).tokens.state();
  expect(await failure(state)).toMatchObject({ code: "STORAGE" });
});

test("a store whose save gives no answer is refused", async () => {
  const simulator = await simulate();
  const store = new MemoryStore();
  store.save = () => Promise.resolve(undefined as unknown as boolean);
  const saved = client(simulator, store).tokens.saveLogin(grantOf(simulator.issueTokens()));
  expect(await failure(saved)).toMatchObject({
    code: "STORAGE",
    details: { why: "It gave neither true nor false." },
  });
});

test("a damaged value is no login, stays as it is, and a sign-in replaces it", async () => {
  const simulator = await simulate();
  const store = new MemoryStore();
  store.put("no JSON");
  const { tokens, get } = client(simulator, store);
  expect(await tokens.state()).toMatchObject({ tokens: undefined, damaged: true });
  expect((await failure(get())).code).toBe("AUTH_REQUIRED");
  expect(store.stored?.value).toBe("no JSON");
  const issued = simulator.issueTokens();
  await tokens.saveLogin(grantOf(issued));
  expect(await get()).toMatchObject({ accessToken: issued.accessToken });
});

test("a value of a newer version is left alone", async () => {
  const simulator = await simulate();
  const store = new MemoryStore();
  store.put({ codex: { version: 99 } });
  const { tokens } = client(simulator, store);
  const error = await failure(tokens.saveLogin(grantOf(simulator.issueTokens())));
  expect(error).toMatchObject({ code: "STORAGE", details: { next: [act("Update codex-oauth")] } });
  expect(store.saves).toBe(0);
});

test("the choice of another way lies in the same value", async () => {
  const simulator = await simulate();
  const store = new MemoryStore();
  storeLogin(store, simulator);
  const { tokens } = client(simulator, store);
  await tokens.select("api-key");
  expect(store.content).toMatchObject({ codex: { mode: "api-key" } });
  expect(await client(simulator, store).tokens.preferredKind()).toBe("api-key");
  await tokens.signOut({ localOnly: false });
  expect(store.stored).toBeUndefined();
});

test("with CODEX_AUTH=api-key the store is left alone", async () => {
  const simulator = await simulate();
  const [store, home] = [new MemoryStore(), makeHome()];
  store.before = () => {
    throw new Error("it was asked");
  };
  const { codex } = testApp({
    home,
    simulator,
    credentials: store,
    env: {
      CODEX_AUTH: "api-key",
      OPENAI_API_KEY: simulator.issueKey(),
      CODEX_API_BASE_URL: simulator.apiBaseUrl,
    },
  });
  expect((await codex.query({ prompt: "hi" })).mode).toBe("api-key");
  await codex.close();
  expect(existsSync(home.path) && readdirSync(home.path)).toEqual([]);
});

/** A database that knows one table, as far as the page's example speaks to it. */
class OneRow {
  row: { version: unknown; value: unknown } | undefined;

  query(sql: string, given: unknown[] = []): Promise<{ rows: unknown[]; rowCount: number }> {
    const { row } = this;
    const comparison = /AND version = \$(\d)/.exec(sql);
    const fits = comparison === null || row?.version === given[Number(comparison[1]) - 1];
    const insert = sql.startsWith("INSERT") && sql.includes("ON CONFLICT DO NOTHING");
    if (sql.startsWith("SELECT")) {
      return Promise.resolve({ rows: row === undefined ? [] : [row], rowCount: 0 });
    }
    if (insert ? row !== undefined : row === undefined || !fits) {
      return Promise.resolve({ rows: [], rowCount: 0 });
    }
    this.row = sql.startsWith("DELETE") ? undefined : { version: given[0], value: given[1] };
    return Promise.resolve({ rows: [], rowCount: 1 });
  }
}

test("the ten lines of docs/library.md keep a login in a row of a database", async () => {
  const lines = codeBlocks(read("docs/library.md"), "js").find((block) => block.includes("db."));
  const db = new OneRow();
  const credentials = runInContext(`${lines ?? ""}; credentials`, createContext({ db })) as CredentialStore;
  const simulator = await simulate();
  const { tokens, get } = client(simulator, credentials);
  await tokens.saveLogin(grantOf(simulator.issueTokens(expired)));
  const clients = Array.from({ length: 3 }, () => client(simulator, credentials));
  const [login] = await Promise.all(clients.map((other) => other.get()));
  expect(simulator.stats.refreshes).toBe(1);
  expect(await get()).toEqual(login);
  const outdated = { version: "2", value: "{}" };
  expect(await credentials.save(outdated, "1")).toBe(false);
  expect(await credentials.save(outdated, undefined)).toBe(false);
  expect(await credentials.save(undefined, "1")).toBe(false);
  await tokens.signOut({ localOnly: true });
  expect(db.row).toBeUndefined();
  expect(await credentials.load()).toBeUndefined();
});
