import { describe, expect, test } from "vitest";
import { ClaimNote } from "../../../src/auth/session/claim-note.ts";
import { ProgramStore } from "../../../src/auth/session/program-store.ts";
import type { ClaimRecord } from "../../../src/auth/session/refresh-claim.ts";
import { fingerprint, systemRandom } from "../../../src/platform/random.ts";
import { Redactor } from "../../../src/shared/redactor.ts";
import { fakeClock } from "../../support/fake-clock.ts";
import { MemoryStore, storeLogin } from "../../support/memory-store.ts";
import { failure } from "../../support/replies.ts";
import { simulate } from "../../support/server.ts";

const minute = 60_000;
const begun = { accessToken: "a", attempts: 0, at: 7 };

/** A store with a login, and the claims of any number of processes on it. */
async function storeWithLogin() {
  const simulator = await simulate();
  const memory = new MemoryStore();
  const { refreshToken } = storeLogin(memory, simulator, { others: { theirs: 1 } });
  const processOn = () => {
    const clock = fakeClock();
    const store = new ProgramStore({ store: memory, clock, random: systemRandom, redactor: new Redactor() });
    const claims = new ClaimNote({ store, clock, random: systemRandom, limits: { unknownOwnerMs: minute } });
    return { claims, clock, store };
  };
  const note = (): (ClaimRecord & { number: number; token: string }) | undefined =>
    memory.content?.["claim"] as unknown as ReturnType<typeof note>;
  return { memory, simulator, token: fingerprint(refreshToken), processOn, note };
}

test("a claim is a note beside the login, and everything else stays", async () => {
  const { memory, token, processOn, note } = await storeWithLogin();
  const before = memory.content;
  const { claims } = processOn();
  expect(await claims.newest(token)).toBeUndefined();
  expect(await claims.isNewest(token, 1)).toBe(false);
  expect(await claims.create(token, 1, begun)).toBe(true);
  expect(memory.content).toEqual({ ...before, claim: note() });
  expect(note()).toEqual({ ...begun, token, number: 1, owner: expect.any(String) as string, uptimeMs: 0 });
  expect(await claims.newest(token)).toMatchObject({ ...begun, number: 1, life: "alive", pid: undefined });
  expect(await claims.newest(fingerprint("another token"))).toBeUndefined();
});

test("of twenty processes that claim the same number, one gets it", async () => {
  const { token, processOn, note } = await storeWithLogin();
  for (const number of [1, 2, 10]) {
    const processes = Array.from({ length: 20 }, processOn);
    const made = await Promise.all(processes.map(({ claims }) => claims.create(token, number, begun)));
    expect(made.filter((one) => one)).toHaveLength(1);
    expect(note()).toMatchObject({ number });
    const newest = await Promise.all(processes.map(({ claims }) => claims.isNewest(token, number)));
    expect(newest).toEqual(made);
  }
});

test("a later number takes the note, and its owner's predecessor neither changes nor withdraws it", async () => {
  const { token, processOn, note } = await storeWithLogin();
  const [first, second] = [processOn(), processOn()];
  await first.claims.create(token, 1, begun);
  expect(await second.claims.create(token, 1, begun)).toBe(false);
  expect(await second.claims.create(token, 2, begun)).toBe(true);
  const taken = note();
  expect(await first.claims.isNewest(token, 1)).toBe(false);
  await first.claims.update(token, 1, { outcome: "granted" });
  await first.claims.update(token, 2, { outcome: "granted" });
  await first.claims.remove(token, 1);
  await first.claims.remove(token, 2);
  expect(note()).toEqual(taken);
});

test("an update changes what it names, and a withdrawn claim leaves the value as it was", async () => {
  const { memory, token, processOn, note } = await storeWithLogin();
  const before = memory.content;
  const { claims } = processOn();
  await claims.create(token, 1, begun);
  const error = { code: "STORAGE", message: "Full." } as const;
  await claims.update(token, 1, { outcome: "granted", error, at: 8 });
  expect(note()).toMatchObject({ number: 1, accessToken: "a", attempts: 0, outcome: "granted", error, at: 8 });
  await claims.sweep();
  expect(note()).toMatchObject({ number: 1 });
  await claims.remove(token, 1);
  expect(memory.content).toEqual(before);
});

test("a claim on another token takes the place of an older login's", async () => {
  const { token, processOn, note } = await storeWithLogin();
  const { claims } = processOn();
  await claims.create(fingerprint("an older token"), 7, begun);
  expect(await claims.newest(token)).toBeUndefined();
  expect(await claims.create(token, 1, begun)).toBe(true);
  expect(note()).toMatchObject({ token, number: 1 });
});

test("without a login nothing is claimed and nothing is stored", async () => {
  const { memory, token, processOn } = await storeWithLogin();
  const { claims } = processOn();
  for (const content of [undefined, "{}", "no JSON", '{"codex":{"version":1,"mode":"api-key","generation":1}}']) {
    memory.stored = undefined;
    if (content !== undefined) memory.put(content);
    const { stored } = memory;
    expect(await claims.create(token, 1, begun)).toBe(false);
    expect(memory.stored).toBe(stored);
  }
});

test("a note that is damaged is none", async () => {
  const { memory, token, processOn } = await storeWithLogin();
  const { claims } = processOn();
  for (const claim of ["text", { token }, { token, number: 0, owner: "x", attempts: 0, at: 0 }]) {
    memory.put({ ...memory.content, claim });
    expect(await claims.newest(token)).toBeUndefined();
    expect(await claims.create(token, 1, begun)).toBe(true);
  }
});

test("a store that fails is told by a claim and an update, never by a withdrawal", async () => {
  const { memory, token, processOn } = await storeWithLogin();
  const { claims } = processOn();
  await claims.create(token, 1, begun);
  memory.before = (call) => {
    if (call === "save") throw new Error("down");
  };
  expect((await failure(claims.create(token, 2, begun))).code).toBe("STORAGE");
  expect((await failure(claims.update(token, 1, { outcome: "granted" }))).code).toBe("STORAGE");
  await claims.remove(token, 1);
});

test("there is nothing to announce", async () => {
  const { memory, processOn } = await storeWithLogin();
  const withdraw = await processOn().claims.announce();
  expect(withdraw).toBeInstanceOf(Function);
  await withdraw();
  expect(memory.saves).toBe(0);
});

describe("the owner's life", () => {
  test.each([-60 * minute, 0, 60 * minute])(
    "of another process is a minute of one's own time without a change (clock %d ms off)",
    async (offMs) => {
      const { memory, token, processOn } = await storeWithLogin();
      await processOn().claims.create(token, 1, begun);
      const { claims, clock } = processOn();
      clock.set(clock.now() + offMs);
      const lifeOf = async () => (await claims.newest(token))?.life;
      expect(await lifeOf()).toBe("unknown");
      clock.set(clock.now() + 24 * 60 * minute);
      await clock.advance(minute);
      expect(await lifeOf()).toBe("unknown");
      await clock.advance(1);
      expect(await lifeOf()).toBe("stopped");
      memory.put({ ...memory.content, claim: { ...memory.content?.["claim"], at: 8 } });
      expect(await lifeOf()).toBe("unknown");
    },
  );

  test("of this process never ends", async () => {
    const { token, processOn } = await storeWithLogin();
    const { claims, clock } = processOn();
    await claims.create(token, 1, begun);
    await clock.advance(60 * minute);
    expect(await claims.newest(token)).toMatchObject({ life: "alive" });
  });
});
