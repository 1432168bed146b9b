import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { identifySelf } from "../../src/infra/process-identity.ts";
import { systemRandom } from "../../src/infra/random.ts";
import { StateFolder } from "../../src/infra/state-folder.ts";
import { makeHome } from "../support/home.ts";

const self = identifySelf(process.pid, systemRandom);
const modeOf = (path: string) => statSync(path).mode & 0o777;

test("keeps what was written, in a private folder and a private file", async () => {
  const path = join(makeHome().path, "state");
  const folder = new StateFolder(path, self);
  expect(await folder.write("quota.json", { seen: [1, 2] })).toBe(true);
  expect(await folder.read("quota.json")).toEqual({ seen: [1, 2] });
  expect([modeOf(path), modeOf(join(path, "quota.json"))]).toEqual([0o700, 0o600]);
  expect(readdirSync(path)).toEqual(["quota.json"]);
});

test("has nothing where there is no file, or a damaged one", async () => {
  const path = makeHome().path;
  const folder = new StateFolder(path, self);
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
  const folder = new StateFolder(path, self);
  const contents = Array.from({ length: 50 }, (_, n) => ({ n, text: "x".repeat(n * 1_000) }));
  const results = await Promise.all(contents.map((content) => folder.write("x.json", content)));
  expect(results).toEqual(contents.map(() => true));
  expect(contents).toContainEqual(JSON.parse(readFileSync(join(path, "x.json"), "utf8")));
  expect(readdirSync(path)).toEqual(["x.json"]);
});

test("says that it could not write, and leaves no litter", async () => {
  const path = makeHome().path;
  mkdirSync(join(path, "taken.json", "inside"), { recursive: true });
  const folder = new StateFolder(path, self);
  expect(await folder.write("taken.json", { x: 1 })).toBe(false);
  expect(readdirSync(path)).toEqual(["taken.json"]);
  writeFileSync(join(path, "file"), "");
  expect(await new StateFolder(join(path, "file"), self).write("x.json", 1)).toBe(false);
});

test("does without a folder that cannot be used", async () => {
  const folder = new StateFolder(undefined, self);
  expect(await folder.write("x.json", 1)).toBe(false);
  expect(await folder.read("x.json")).toBeUndefined();
});
