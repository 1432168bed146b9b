import {
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { systemClock, type Clock } from "../../../src/platform/clock.ts";
import { makeHome, writeLogin, type Home } from "../../support/home.ts";
import { simulate } from "../../support/server.ts";
import { eagerClock } from "../../support/fake-clock.ts";
import { storeLockOf, tokenRig } from "../../support/token-rig.ts";

/** Where the damaged file was put. */
function asides(home: Home): string[] {
  return readdirSync(home.path).filter((name) => name.includes(".damaged-"));
}

function utf16(text: string): Buffer {
  return Buffer.from(`\ufeff${text}`, "utf16le");
}

test.each([
  ["empty", ""],
  ["null", "null"],
  ["a list", "[]"],
  ["a word", '"rt_bare"'],
  ["a bare token", "rt_CANARY_bare_token_without_quotes"],
  ["behind a byte order mark", "\ufeff{}"],
  ["UTF-16", utf16("{}")],
  ["zero bytes only", Buffer.alloc(64)],
  ["not UTF-8", Buffer.from('{"theirs":"caf\xe9"}', "latin1")],
  ["JSON with something behind it", "{}\n{}"],
])("a file that is %s is set aside unchanged, private and named", async (_, content) => {
  const simulator = await simulate();
  const home = makeHome();
  writeFileSync(home.authFile, content, { mode: 0o644 });
  const { get, tokens } = tokenRig({ simulator, home, clock: eagerClock() });
  expect(await tokens.state()).toMatchObject({ tokens: undefined, damaged: true });
  const error = await get().catch((thrown: unknown) => thrown);
  const [aside = "", ...more] = asides(home);
  expect(more).toEqual([]);
  expect(error).toMatchObject({
    code: "AUTH_REQUIRED",
    details: { why: `It was set aside as ${join(home.path, aside)}.` },
  });
  expect(String(error)).not.toContain("bare");
  expect(readFileSync(join(home.path, aside))).toEqual(Buffer.from(content));
  expect(statSync(join(home.path, aside)).mode & 0o777).toBe(0o600);
  expect(readdirSync(home.path)).toEqual([aside]);
});

test("a login file cut at any byte is damaged, set aside whole, and reported without its content", async () => {
  const simulator = await simulate();
  const home = makeHome();
  // Short tokens: cuts within one are all alike.
  const extraFields = { accessToken: "at_CANARY", refreshToken: "rt_CANARY", idToken: "id_CANARY" };
  writeLogin(home, simulator, { extraFields });
  const whole = readFileSync(home.authFile);
  // One process for all: each cut is a file that another program left in the meantime.
  const { get } = tokenRig({ simulator, home, clock: eagerClock() });
  for (let end = 0; end < whole.length; end++) {
    writeFileSync(home.authFile, whole.subarray(0, end), { mode: 0o600 });
    const error = await get().catch((thrown: unknown) => thrown);
    expect(error, `cut at ${end}`).toMatchObject({ code: "AUTH_REQUIRED" });
    expect(JSON.stringify(error) + String(error)).not.toContain("CANARY");
    const [aside = ""] = asides(home);
    expect(readFileSync(join(home.path, aside)).equals(whole.subarray(0, end))).toBe(true);
    rmSync(join(home.path, aside));
  }
}, 60_000);

test("a damaged record is copied aside, and what others stored stays where it is", async () => {
  const simulator = await simulate();
  const home = makeHome();
  writeLogin(home, simulator, {
    others: { theirs: { kept: true } },
    extraFields: { accessToken: "at_with\nnewline" },
  });
  const damaged = home.readAuth();
  await expect(tokenRig({ simulator, home, clock: eagerClock() }).get()).rejects.toMatchObject({
    code: "AUTH_REQUIRED",
  });
  expect(JSON.parse(home.readAuth())).toEqual({ theirs: { kept: true } });
  const [aside = ""] = asides(home);
  expect(readFileSync(join(home.path, aside), "utf8")).toBe(damaged);
  expect(statSync(join(home.path, aside)).mode & 0o777).toBe(0o600);
});

test("twenty windows that meet a damaged file set it aside once", async () => {
  const simulator = await simulate();
  const home = makeHome();
  writeFileSync(home.authFile, "{");
  const rigs = Array.from({ length: 20 }, () => tokenRig({ simulator, home }));
  await Promise.allSettled(rigs.map(({ get }) => get()));
  expect(asides(home)).toHaveLength(1);
});

/** The system's clock; `change` runs in the n-th wait. */
function clockThat(n: number, change: () => void): Clock {
  let waits = 0;
  return {
    ...systemClock,
    timer(ms, fire) {
      if (++waits === n) change();
      return systemClock.timer(ms, fire);
    },
  };
}

test.each([0, 300])("a login file cut to %d bytes that is whole again 20 ms later costs nothing", async (bytes) => {
  const simulator = await simulate();
  const home = makeHome();
  const { accessToken } = writeLogin(home, simulator, { others: { theirs: 1 } });
  const whole = home.readAuth();
  const mend = (): void => {
    writeFileSync(home.authFile, whole);
  };
  for (const wait of [1, 2, 3, 4]) {
    truncateSync(home.authFile, bytes);
    const { get, tokens } = tokenRig({ simulator, home, clock: clockThat(wait, mend) });
    expect(await get(), `mended in wait ${wait}`).toMatchObject({ accessToken });
    truncateSync(home.authFile, bytes);
    const again = tokenRig({ simulator, home, clock: clockThat(wait, mend) });
    expect(await again.tokens.state()).toMatchObject({ tokens: { accessToken }, damaged: false });
    await tokens.stop();
  }
  expect(home.readAuth()).toBe(whole);
  expect(readdirSync(home.path)).toEqual(["auth.json"]);
});

test("a damaged file is read five times within a second before it is set aside", async () => {
  const simulator = await simulate();
  const home = makeHome();
  writeFileSync(home.authFile, "{");
  const waits: number[] = [];
  const clock = eagerClock();
  const timer: Clock["timer"] = (ms, fire) => {
    expect(asides(home)).toEqual([]);
    waits.push(ms);
    return clock.timer(ms, fire);
  };
  await expect(tokenRig({ simulator, home, clock: { ...clock, timer } }).get()).rejects.toMatchObject({
    code: "AUTH_REQUIRED",
  });
  expect(asides(home)).toHaveLength(1);
  // Before the lock is taken, and again under it.
  const readings = [20, 80, 200, 400];
  expect(waits.slice(0, 4)).toEqual(readings);
  expect(waits.slice(-4)).toEqual(readings);
});

test("a damaged file stays where it is as long as another program holds its lock", async () => {
  const simulator = await simulate();
  const home = makeHome();
  const { accessToken } = writeLogin(home, simulator);
  const whole = home.readAuth();
  writeFileSync(home.authFile, "{");
  mkdirSync(storeLockOf(home));
  let locked = 0;
  const clock = eagerClock();
  const timer: Clock["timer"] = (ms, fire) => {
    expect(asides(home)).toEqual([]);
    // It writes for two seconds.
    if (clock.elapsed() > 2_000 && locked++ === 0) {
      writeFileSync(home.authFile, whole);
      rmdirSync(storeLockOf(home));
    }
    return clock.timer(ms, fire);
  };
  expect(await tokenRig({ simulator, home, clock: { ...clock, timer } }).get()).toMatchObject({ accessToken });
  expect(locked).toBeGreaterThan(0);
  expect(readdirSync(home.path)).toEqual(["auth.json"]);
});

test("a report changes nothing about a damaged file", async () => {
  const simulator = await simulate();
  const home = makeHome();
  writeFileSync(home.authFile, "{");
  await tokenRig({ simulator, home, clock: eagerClock() }).tokens.state();
  expect(readdirSync(home.path)).toEqual(["auth.json"]);
});

test("a login over a damaged file keeps it aside and what others stored in it", async () => {
  const simulator = await simulate();
  const home = makeHome();
  writeLogin(home, simulator, { others: { theirs: 1 }, extraFields: { refreshToken: 5 } });
  const { tokens } = tokenRig({ simulator, home });
  const issued = simulator.issueTokens();
  await tokens.saveLogin({
    access_token: issued.accessToken,
    refresh_token: issued.refreshToken,
    id_token: issued.idToken,
  });
  expect(JSON.parse(home.readAuth())).toMatchObject({
    theirs: 1,
    codex: { refreshToken: issued.refreshToken },
  });
  expect(asides(home)).toHaveLength(1);
});
