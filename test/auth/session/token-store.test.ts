import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { formatIdentity } from "../../../src/platform/process-identity.ts";
import { makeHome, writeLogin, type Home } from "../../support/home.ts";
import { anHourMs, deadProcess, foreignProcess, liveProcess, plantForeignLock, setAge } from "../../support/owners.ts";
import { simulate } from "../../support/server.ts";
import { storeLockOf, tokenRig, type TokenRig } from "../../support/token-rig.ts";

async function storeIn(home: Home): Promise<TokenRig["store"]> {
  return tokenRig({ simulator: await simulate(), home }).store;
}

test("reading a missing file changes nothing", async () => {
  const home = makeHome();
  expect(await (await storeIn(home)).read()).toBeUndefined();
  expect(readdirSync(home.path)).toEqual([]);
});

test("what others and newer versions store beside the known fields survives a change", async () => {
  const simulator = await simulate();
  const home = makeHome();
  writeLogin(home, simulator, {
    others: { first: { deep: [1, { deeper: null }] } },
    extraFields: { later: { nested: true } },
  });
  const { store } = tokenRig({ simulator, home });
  await store.update((stored) => stored && { ...stored, accessToken: "at_new" });
  const document = JSON.parse(home.readAuth()) as Record<string, unknown>;
  expect(document["first"]).toEqual({ deep: [1, { deeper: null }] });
  expect(home.record()).toMatchObject({ later: { nested: true }, accessToken: "at_new" });
});

test("signing out leaves the others' keys, and valid JSON at least", async () => {
  const simulator = await simulate();
  const home = makeHome();
  const { store } = tokenRig({ simulator, home });
  writeLogin(home, simulator, { others: { theirs: 1 } });
  await store.update(() => null);
  expect(JSON.parse(home.readAuth())).toEqual({ theirs: 1 });
  writeLogin(home, simulator);
  await store.update(() => null);
  expect(JSON.parse(home.readAuth())).toEqual({});
});

test.each([
  ["free", () => undefined],
  [
    "left an hour ago",
    (path: string) => {
      plantForeignLock(path, anHourMs);
    },
  ],
])("twenty writers on a lock that is %s lose no change and leave nothing behind", async (_, plant) => {
  const simulator = await simulate();
  const home = makeHome();
  writeLogin(home, simulator, { extraFields: { generation: 0 } });
  plant(storeLockOf(home));
  const change = (): Promise<unknown> =>
    tokenRig({ simulator, home }).store.update((stored) => stored && { ...stored, generation: stored.generation + 1 });
  await Promise.all(Array.from({ length: 20 }, change));
  expect(home.record()).toMatchObject({ generation: 20 });
  expect(readdirSync(home.path)).toEqual(["auth.json"]);
});

test("the file is private after a change, however open it was", async () => {
  const home = makeHome();
  writeFileSync(home.authFile, "{}", { mode: 0o644 });
  await (await storeIn(home)).update(() => null);
  expect(statSync(home.authFile).mode & 0o777).toBe(0o600);
});

test("a record of a newer version is refused and never overwritten", async () => {
  const simulator = await simulate();
  const home = makeHome();
  writeLogin(home, simulator, { extraFields: { version: 99 } });
  const before = home.readAuth();
  const { store } = tokenRig({ simulator, home });
  const refused = { code: "STORAGE", message: expect.stringContaining("newer") as string };
  await expect(store.read()).rejects.toMatchObject(refused);
  await expect(store.update(() => null)).rejects.toMatchObject(refused);
  expect(home.readAuth()).toBe(before);
});

test("a lock that was left an hour ago does not hold a change up", async () => {
  const home = makeHome();
  plantForeignLock(storeLockOf(home), anHourMs);
  await (await storeIn(home)).update(() => null);
  expect(readdirSync(home.path)).toEqual(["auth.json"]);
});

test("a lock that stays busy is STORAGE and names the file", async () => {
  const simulator = await simulate();
  const home = makeHome();
  const { store } = tokenRig({ simulator, home, limits: { fileLockWaitMs: 50 } });
  plantForeignLock(storeLockOf(home), 0);
  await expect(store.update(() => null)).rejects.toMatchObject({
    code: "STORAGE",
    message: `Another program holds the lock on ${home.authFile} for too long.`,
  });
  expect(existsSync(home.authFile)).toBe(false);
  expect(existsSync(storeLockOf(home))).toBe(true);
});

test("a change runs again on what a program wrote meanwhile without the lock", async () => {
  const simulator = await simulate();
  const home = makeHome();
  writeLogin(home, simulator);
  const seen: unknown[] = [];
  const { store } = tokenRig({ simulator, home });
  const before = await store.update((stored) => {
    seen.push(stored?.refreshToken);
    if (seen.length < 3) writeLogin(home, simulator, { others: { theirs: seen.length } });
    return stored && { ...stored, plan: "changed" };
  });
  expect(seen).toHaveLength(3);
  expect(new Set(seen).size).toBe(3);
  expect(before?.refreshToken).toBe(seen[2]);
  expect(JSON.parse(home.readAuth())).toMatchObject({ theirs: 2, codex: { refreshToken: seen[2], plan: "changed" } });
  expect(readdirSync(home.path)).toEqual(["auth.json"]);
});

test("a file that others change all the time is STORAGE, and theirs stays", async () => {
  const simulator = await simulate();
  const home = makeHome();
  writeLogin(home, simulator);
  const { store } = tokenRig({ simulator, home });
  let writes = 0;
  const change = store.update(() => {
    writeLogin(home, simulator, { others: { theirs: ++writes } });
    return null;
  });
  await expect(change).rejects.toMatchObject({
    code: "STORAGE",
    message: `Other programs change ${home.authFile} all the time.`,
  });
  expect(JSON.parse(home.readAuth())).toMatchObject({ theirs: writes, codex: {} });
  expect(readdirSync(home.path)).toEqual(["auth.json"]);
});

test("temporary files of ended processes go, all others stay", async () => {
  const home = makeHome();
  const victim = join(home.path, "victim");
  writeFileSync(victim, "theirs");
  const leave = (owner: string, n: number): string => `auth.json.tmp.${owner}.${n}`;
  const [dead, alive, foreign] = [deadProcess(), liveProcess(), foreignProcess()].map(formatIdentity) as [
    string,
    string,
    string,
  ];
  const path = (name: string): string => join(home.path, name);
  for (const n of [1, 2, 3]) writeFileSync(path(leave(dead, n)), "a token");
  symlinkSync(victim, path(leave(dead, 4)));
  mkdirSync(path(leave(dead, 5)));
  for (const owner of [alive, foreign]) writeFileSync(path(leave(owner, 1)), "a token");
  writeFileSync(path(leave(foreign, 2)), "a token from before the last start of the machine");
  setAge(path(leave(foreign, 2)), anHourMs);
  await (await storeIn(home)).update(() => null);
  expect(readdirSync(home.path).sort()).toEqual(
    ["auth.json", leave(alive, 1), leave(foreign, 1), leave(dead, 4), leave(dead, 5), "victim"].sort(),
  );
  expect(readFileSync(victim, "utf8")).toBe("theirs");
});

test("a rehearsal takes the lock, needs room for the whole file, and leaves nothing", async () => {
  const simulator = await simulate();
  const home = makeHome();
  const { store } = tokenRig({ simulator, home });
  writeLogin(home, simulator);
  const before = home.readAuth();
  await store.rehearse();
  expect(readdirSync(home.path)).toEqual(["auth.json"]);
  expect(home.readAuth()).toBe(before);
  writeFileSync(storeLockOf(home), "no lock");
  await expect(store.rehearse()).rejects.toMatchObject({ code: "STORAGE" });
});

test("a prepared save has room for twice the file and 32 KiB, which the save then uses", async () => {
  const simulator = await simulate();
  const home = makeHome();
  const { store } = tokenRig({ simulator, home });
  writeLogin(home, simulator, { others: { theirs: "x".repeat(100_000) } });
  const prepared = await store.prepare();
  const { ino, size, mode } = statSync(prepared.temporary);
  expect(size).toBe(32 * 1_024 + 2 * home.readAuth().length);
  expect(mode & 0o777).toBe(0o600);
  await store.update((stored) => stored && { ...stored, plan: "saved" }, prepared);
  expect(statSync(home.authFile)).toMatchObject({ ino, mode });
  expect(home.record()).toMatchObject({ plan: "saved" });
  await prepared.discard();
  expect(readdirSync(home.path)).toEqual(["auth.json"]);
});

test("a prepared save that is given up leaves nothing", async () => {
  const simulator = await simulate();
  const home = makeHome();
  writeLogin(home, simulator);
  const before = home.readAuth();
  const prepared = await tokenRig({ simulator, home }).store.prepare();
  await prepared.discard();
  await prepared.discard();
  expect(readdirSync(home.path)).toEqual(["auth.json"]);
  expect(home.readAuth()).toBe(before);
});

test("a choice counts as no login, never as damage, and is replaced like one", async () => {
  const simulator = await simulate();
  const home = makeHome();
  const { store } = tokenRig({ simulator, home });
  const choice = { kind: "codex-cli", generation: 3 } as const;
  await store.update(() => choice);
  expect(home.record()).toEqual({ version: 1, mode: "codex-cli", generation: 3 });
  expect(await store.read()).toBeUndefined();
  expect(await store.peek()).toEqual({ tokens: undefined, choice, damaged: false });
  await store.update((tokens, damaged, found) => {
    expect([tokens, damaged, found]).toEqual([undefined, false, choice]);
    return null;
  });
  expect(home.record()).toBeUndefined();
  expect(readdirSync(home.path)).toEqual(["auth.json"]);
});
