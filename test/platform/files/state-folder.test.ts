import {
  chmodSync,
  chownSync,
  lchownSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { formatIdentity } from "../../../src/platform/process-identity.ts";
import { makeHome } from "../../support/home.ts";
import { deadProcess, foreignProcess, liveProcess } from "../../support/owners.ts";
import { ownFolderAt } from "../../../src/platform/files/state-folder.ts";
import { stateFolder } from "../../support/state.ts";

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
  const others = ["x.tmp.1", `notes.tmp.${formatIdentity(deadProcess())}.backup.md`];
  for (const name of [dead, alive, foreign, ...others]) writeFileSync(join(path, name), "{}");
  await stateFolder(path).write("other.json", 1);
  expect(readdirSync(path).sort()).toEqual([alive, foreign, "other.json", ...others].sort());
});

test("a flush waits for the writes that have begun", async () => {
  const path = makeHome().path;
  const folder = stateFolder(path);
  void folder.write("x.json", { n: 1 });
  void folder.write("y.json", { n: 2 });
  await folder.flush();
  expect(readdirSync(path).sort()).toEqual(["x.json", "y.json"]);
});

describe.skipIf(process.platform === "win32")("the folder for our files", () => {
  const folderWith = (mode: number): string => {
    const path = join(makeHome().path, "named");
    mkdirSync(path);
    chmodSync(path, mode);
    return path;
  };

  test("is the one that was named, where it is missing or one's own", () => {
    const missing = join(makeHome().path, "missing");
    expect(ownFolderAt(missing)).toBe(missing);
    for (const mode of [0o700, 0o755, 0o775]) {
      const path = folderWith(mode);
      expect(ownFolderAt(path), mode.toString(8)).toBe(path);
    }
  });

  test("is codex-oauth in the one that was named, where everybody may write or it is sticky", () => {
    for (const mode of [0o1777, 0o1770, 0o1700, 0o777]) {
      const path = folderWith(mode);
      expect(ownFolderAt(path), mode.toString(8)).toBe(join(path, "codex-oauth"));
      symlinkSync(path, `${path}-link`);
      expect(ownFolderAt(`${path}-link`), mode.toString(8)).toBe(`${path}-link/codex-oauth`);
    }
  });

  // Only root can give a folder away.
  test.runIf(process.getuid?.() === 0)("another user's folder is no place for one of our own", () => {
    const path = folderWith(0o1777);
    chownSync(path, 65_534, 65_534);
    expect(ownFolderAt(path)).toBe(path);
  });
});

test("an existing folder keeps its rights, and a file in it is private", async () => {
  const { path } = makeHome();
  chmodSync(path, 0o755);
  await stateFolder(path).write("x.json", 1);
  expect([modeOf(path), modeOf(join(path, "x.json"))]).toEqual([0o755, 0o600]);
});

describe("removing what is old", () => {
  const ours = /^a\d\.txt$/;
  const now = Date.now();
  const put = (folder: string, ...names: string[]): void => {
    mkdirSync(folder, { recursive: true });
    for (const [n, name] of names.entries()) {
      writeFileSync(join(folder, name), "");
      utimesSync(join(folder, name), (now - n * 1_000) / 1_000, (now - n * 1_000) / 1_000);
    }
  };

  test("takes files by their names alone: what others put there is neither removed nor counted", async () => {
    const { path } = makeHome();
    put(path, "mine.md", "a0.txt", "a1.txt", "a2.txt", "a3.txt", "xa4.txt", "a5.txt.md");
    mkdirSync(join(path, "a6.txt"));
    await stateFolder(path).prune(ours, now - 3_500, 2);
    expect(readdirSync(path).sort()).toEqual(["a0.txt", "a1.txt", "a5.txt.md", "a6.txt", "mine.md", "xa4.txt"].sort());
    await stateFolder(path).prune(ours, now - 1_500, 20);
    expect(readdirSync(path)).not.toContain("a1.txt");
  });

  test("a folder inside that is a link is not used at all", async () => {
    const { path } = makeHome();
    put(join(path, "docs"), "a0.txt");
    mkdirSync(join(path, "state"));
    symlinkSync(join(path, "docs"), join(path, "state/answers"));
    const inside = stateFolder(join(path, "state")).subfolder("answers");
    await inside.prune(ours, now + 1, 0);
    expect(await inside.writeText("a1.txt", "x")).toBeUndefined();
    expect(await inside.read("a0.txt")).toBeUndefined();
    expect(readdirSync(join(path, "docs"))).toEqual(["a0.txt"]);
  });

  // Only root can give a folder away.
  test.runIf(process.getuid?.() === 0)("nothing goes where the folder is another user's", async () => {
    const { path } = makeHome();
    put(join(path, "state/answers"), "a0.txt");
    put(join(path, "docs"), "a0.txt");
    symlinkSync(join(path, "docs"), join(path, "state/linked"));
    chownSync(join(path, "state"), 65_534, 65_534);
    lchownSync(join(path, "state/linked"), 65_534, 65_534);
    for (const name of ["answers", "linked"]) {
      const inside = stateFolder(join(path, "state")).subfolder(name);
      await inside.prune(ours, now + 1, 0);
      expect(await inside.write("a1.txt", 1), name).toBe(false);
      expect(readdirSync(join(path, "state", name)), name).toEqual(["a0.txt"]);
    }
  });
});

test("what earlier builds kept there goes with the first write; another program's file of that name stays", async () => {
  const { stateDir } = makeHome();
  const path = join(stateDir, "refresh.json");
  mkdirSync(stateDir);
  writeFileSync(path, '{"every":"day"}');
  await stateFolder(stateDir).write("quota.json", {});
  expect(readFileSync(path, "utf8")).toBe('{"every":"day"}');
  writeFileSync(path, `{"token":"${"0a".repeat(16)}","outcome":"refused","attempts":1,"at":1,"by":""}`);
  await stateFolder(stateDir).write("quota.json", {});
  expect(readdirSync(stateDir)).toEqual(["quota.json"]);
});
