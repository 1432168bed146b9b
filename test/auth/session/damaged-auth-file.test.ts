import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { makeHome, writeLogin, type Home } from "../../support/home.ts";
import { simulate } from "../../support/server.ts";
import { fakeClock } from "../../support/fake-clock.ts";
import { tokenRig } from "../../support/token-rig.ts";

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
  const { get, tokens } = tokenRig({ simulator, home });
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
  const clock = fakeClock();
  const { get } = tokenRig({ simulator, home, clock });
  for (let end = 0; end < whole.length; end++) {
    writeFileSync(home.authFile, whole.subarray(0, end), { mode: 0o600 });
    const error = await get().catch((thrown: unknown) => thrown);
    expect(error, `cut at ${end}`).toMatchObject({ code: "AUTH_REQUIRED" });
    expect(JSON.stringify(error) + String(error)).not.toContain("CANARY");
    const [aside = ""] = asides(home);
    expect(readFileSync(join(home.path, aside)).equals(whole.subarray(0, end))).toBe(true);
    rmSync(join(home.path, aside));
    await clock.advance(1);
  }
});

test("a damaged record is copied aside, and what others stored stays where it is", async () => {
  const simulator = await simulate();
  const home = makeHome();
  writeLogin(home, simulator, {
    others: { theirs: { kept: true } },
    extraFields: { accessToken: "at_with\nnewline" },
  });
  const damaged = home.readAuth();
  await expect(tokenRig({ simulator, home }).get()).rejects.toMatchObject({
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

test("a report changes nothing about a damaged file", async () => {
  const simulator = await simulate();
  const home = makeHome();
  writeFileSync(home.authFile, "{");
  await tokenRig({ simulator, home }).tokens.state();
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
