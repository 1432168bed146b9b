import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { formatIdentity } from "../../src/infra/process-identity.ts";
import { makeHome } from "../support/home.ts";
import { deadProcess, foreignProcess, liveProcess } from "../support/owners.ts";
import { stateFolder } from "../support/state.ts";

const modeOf = (path: string) => statSync(path).mode & 0o777;

test("keeps what was written, in a private folder and a private file", async () => {
  const path = join(makeHome().path, "state");
  const folder = stateFolder(path);
  expect(await folder.write("quota.json", { seen: [1, 2] })).toBe(true);
  expect(await folder.read("quota.json")).toEqual({ seen: [1, 2] });
  expect([modeOf(path), modeOf(join(path, "quota.json"))]).toEqual([0o700, 0o600]);
  expect(readdirSync(path)).toEqual(["quota.json"]);
});

test("has nothing where there is no file, or a damaged one", async () => {
  const path = makeHome().path;
  const folder = stateFolder(path);
  expect(await folder.read("none.json")).toBeUndefined();
  for (const damage of ["", "{", "\0", "eyJ"]) {
    writeFileSync(join(path, "x.json"), damage);
    expect(await folder.read("x.json"), damage).toBeUndefined();
  }
  mkdirSync(join(path, "folder.json"));
  expect(await folder.read("folder.json")).toBeUndefined();
});

test("overlapping writes leave one whole file and nothing else", async () => {
  const path = makeHome().path;
  const folder = stateFolder(path);
  const contents = Array.from({ length: 50 }, (_, n) => ({ n, text: "x".repeat(n * 1_000) }));
  const results = await Promise.all(contents.map((content) => folder.write("x.json", content)));
  expect(results).toEqual(contents.map(() => true));
  expect(contents).toContainEqual(JSON.parse(readFileSync(join(path, "x.json"), "utf8")));
  expect(readdirSync(path)).toEqual(["x.json"]);
});

test("says that it could not write, and leaves no litter", async () => {
  const path = makeHome().path;
  mkdirSync(join(path, "taken.json", "inside"), { recursive: true });
  const folder = stateFolder(path);
  expect(await folder.write("taken.json", { x: 1 })).toBe(false);
  expect(readdirSync(path)).toEqual(["taken.json"]);
  writeFileSync(join(path, "file"), "");
  expect(await stateFolder(join(path, "file")).write("x.json", 1)).toBe(false);
});

test("does without a folder that cannot be used", async () => {
  const folder = stateFolder(undefined);
  expect(await folder.write("x.json", 1)).toBe(false);
  expect(await folder.read("x.json")).toBeUndefined();
});

test("the first write removes what killed processes left, and nothing of live ones", async () => {
  const path = makeHome().path;
  const [dead, alive, foreign] = [deadProcess(), liveProcess(), foreignProcess()].map(
    (owner) => `quota.json.tmp.${formatIdentity(owner)}.0`,
  ) as [string, string, string];
  for (const name of [dead, alive, foreign, "x.tmp.1"]) writeFileSync(join(path, name), "{}");
  await stateFolder(path).write("other.json", 1);
  expect(readdirSync(path).sort()).toEqual([alive, foreign, "other.json", "x.tmp.1"].sort());
});

test("a flush waits for the writes that have begun", async () => {
  const path = makeHome().path;
  const folder = stateFolder(path);
  void folder.write("x.json", { n: 1 });
  void folder.write("y.json", { n: 2 });
  await folder.flush();
  expect(readdirSync(path).sort()).toEqual(["x.json", "y.json"]);
});
