import { mkdirSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { defaultLimits } from "../../src/shared/limits.ts";
import { systemRandom } from "../../src/platform/random.ts";
import { LongAnswers } from "../../src/query/long-answers.ts";
import { fakeClock } from "../support/fake-clock.ts";
import { makeHome } from "../support/home.ts";
import { stateFolder } from "../support/state.ts";

const day = 24 * 3_600_000;

function rig(path = join(makeHome().path, "state/answers")) {
  const clock = fakeClock(Date.now());
  const answers = new LongAnswers({
    folder: stateFolder(path),
    redact: (text) => text.replaceAll("secret", "[masked]"),
    clock,
    random: systemRandom,
    limits: defaultLimits,
  });
  /** A file from earlier, as old as that. */
  const put = (name: string, ageMs: number): void => {
    mkdirSync(path, { recursive: true });
    writeFileSync(join(path, name), "");
    const at = new Date(clock.now() - ageMs);
    utimesSync(join(path, name), at, at);
  };
  return { answers, clock, put, path, names: () => readdirSync(path).sort() };
}

/** As the names of the files are, of the nth second of a day. */
const named = (n: number) => `2026-01-02T00-00-${String(n).padStart(2, "0")}-0a1b2c3d.txt`;

const line = `${"x".repeat(99)}\n`;
const long = line.repeat(5_000);

test("an answer of 450,000 characters is handed on as it is, and no file is made", async () => {
  const { answers, path } = rig();
  const text = "x".repeat(450_000);
  expect(await answers.fit(text)).toEqual({ text });
  expect(() => readdirSync(path)).toThrow("ENOENT");
});

test("of a longer one the first whole lines are handed on, and all of it lies in a private file", async () => {
  const { answers, path } = rig();
  const { text, whole } = await answers.fit(long);
  expect(text).toBe(line.repeat(4_500).trimEnd());
  expect(whole?.characters).toBe(500_000);
  const file = String(whole?.path);
  expect(dirname(file)).toBe(path);
  expect(readFileSync(file, "utf8")).toBe(long);
  expect([statSync(file).mode & 0o777, statSync(path).mode & 0o777]).toEqual([0o600, 0o700]);
});

test("a line without an end is cut, never through a character", async () => {
  const { answers } = rig();
  const { text } = await answers.fit(`\n${"😀".repeat(300_000)}`);
  expect(text.length).toBe(449_999);
  expect(text.isWellFormed()).toBe(true);
});

test("the file has no more than the reader may see: no secret, no escape of a terminal", async () => {
  const { answers } = rig();
  const { whole } = await answers.fit(`\u001b[31mred\u202e secret\n${long}`);
  expect(readFileSync(String(whole?.path), "utf8")).toBe(`red[U+202E] [masked]\n${long}`);
});

test("two answers of one moment have files of their own", async () => {
  const { answers, names } = rig();
  await Promise.all([answers.fit(long), answers.fit(long)]);
  expect(names()).toHaveLength(2);
  for (const name of names()) expect(name).toMatch(/^[\d-]+T[\d-]+-[0-9a-f]{8}\.txt$/);
});

test("the newest twenty are kept", async () => {
  const { answers, put, names } = rig();
  for (let n = 10; n < 35; n++) put(named(n), n);
  const { whole } = await answers.fit(long);
  expect(names()).toHaveLength(20);
  expect(names()).toContain(String(whole?.path).split("/").at(-1));
  expect(names()).not.toContain(named(34));
});

test("a week later they are removed, also by a short answer, the first of a process", async () => {
  const { answers, put, names } = rig();
  put(named(1), 7 * day + 1_000);
  put(named(2), 7 * day - 1_000);
  await answers.fit("short");
  expect(names()).toEqual([named(2)]);
});

test("a file of another name stays, however old it is and however many there are", async () => {
  const { answers, put, names } = rig();
  const others = ["my-exam.md", "old.txt", `copy-${named(1)}`, `${named(1)}.bak`];
  for (const name of others) put(name, 30 * day);
  for (let n = 0; n < 25; n++) put(`${n}.txt`, n);
  await answers.fit("short");
  expect(names()).toEqual([...others, ...Array.from({ length: 25 }, (_, n) => `${n}.txt`)].sort());
});

test("where no file can be written the whole answer is handed on", async () => {
  const home = makeHome();
  writeFileSync(join(home.path, "file"), "");
  expect(await rig(join(home.path, "file/answers")).answers.fit(long)).toEqual({ text: long });
  const none = new LongAnswers({
    folder: stateFolder(undefined),
    redact: (text) => text,
    clock: fakeClock(Date.now()),
    random: systemRandom,
    limits: defaultLimits,
  });
  expect(await none.fit(long)).toEqual({ text: long });
});
