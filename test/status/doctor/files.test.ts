import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { pathFacts, setAsideFiles, type PathFacts } from "../../../src/platform/files/path-facts.ts";
import type { LockReport } from "../../../src/platform/files/file-lock.ts";
import { fileChecks } from "../../../src/status/doctor/files.ts";
import { fakeClock } from "../../support/fake-clock.ts";
import { makeHome } from "../../support/home.ts";
import type { Finding } from "../../../src/status/finding.ts";
import { act } from "../../../src/shared/next-step.ts";
import { renderFix } from "../../../src/render/next-step.ts";

const fixOf = ({ fix }: Finding): string | undefined => fix && renderFix(fix, "cli");

const file: PathFacts = {
  path: "/h/auth.json",
  kind: "file",
  mode: 0o600,
  foreignOwner: undefined,
  writable: true,
  errno: undefined,
};
const folder: PathFacts = { ...file, path: "/h", kind: "folder", mode: 0o755 };

/** What the checks see in the file system; by default nothing is there. */
interface Seen {
  facts?: PathFacts;
  foreign?: string | undefined;
  mounted?: boolean;
  /** A folder that may not be entered. */
  closed?: string;
  report?: LockReport;
  setAside?: string[];
  abandoned?: string[];
}

/** The findings of one check, from the whole list of checks. */
async function findAll(check: string, seen: Seen): Promise<Finding[]> {
  const { facts = { ...file, kind: "missing" }, foreign, mounted = false, report = { kind: "free" } } = seen;
  const inspect = () => Promise.resolve(facts);
  const checks = fileChecks(
    {
      config: { authFile: "/h/auth.json", stateDir: "/h" },
      clock: fakeClock(),
      temporaries: { abandoned: (_, name) => Promise.resolve(name === undefined ? [] : (seen.abandoned ?? [])) },
    },
    {
      pathFacts: inspect,
      folderFacts: inspect,
      closedFolder: () => Promise.resolve(seen.closed),
      foreignFolder: () => foreign,
      isMountPoint: () => Promise.resolve(mounted),
      reportLock: () => Promise.resolve(report),
      setAsideFiles: () => Promise.resolve(seen.setAside ?? []),
    },
  );
  return checks.find(({ name }) => name === check)!.run(new AbortController().signal);
}

async function find(check: string, seen: Seen): Promise<Finding> {
  const [finding, ...more] = await findAll(check, seen);
  expect(more).toEqual([]);
  return finding!;
}

describe("the login file", () => {
  test.each<[string, Partial<PathFacts>, string, RegExp | undefined]>([
    ["of one's own", {}, "ok", undefined],
    ["on a system without modes", { mode: undefined }, "ok", undefined],
    ["that is not there yet", { kind: "missing" }, "ok", undefined],
    ["that others may read", { mode: 0o644 }, "problem", /^Run: chmod 600 \/h\/auth\.json$/],
    ["that a group may write", { mode: 0o620 }, "problem", /chmod 600/],
    ["of another user", { foreignOwner: 1234 }, "problem", /regular file of your own/],
    ["that is a link", { kind: "link" }, "problem", /CODEX_AUTH_FILE/],
    ["that is a folder", { kind: "folder" }, "problem", /CODEX_AUTH_FILE/],
    ["behind closed doors", { kind: "unknown", errno: "EACCES" }, "problem", /rights of/],
  ])("%s", async (_, facts, level, fix) => {
    const finding = await find("login file", { facts: { ...file, ...facts } });
    expect(finding).toMatchObject({ check: "login file", level });
    expect(finding.message).toContain("/h/auth.json");
    if (fix === undefined) expect(fixOf(finding)).toBeUndefined();
    else expect(fixOf(finding)).toMatch(fix);
  });

  test("that is the mount of a single file", async () => {
    const finding = await find("login file", { facts: file, mounted: true });
    expect(finding).toEqual({
      check: "login file",
      level: "note",
      message: "/h/auth.json is a mount of a single file: it can only be overwritten, which a crash can interrupt.",
      fix: [act("Mount its folder in place of the file")],
    });
    // What is worse comes first.
    const open = await find("login file", { facts: { ...file, mode: 0o644 }, mounted: true });
    expect(open.level).toBe("problem");
  });

  test("a command of a fix can be pasted into a shell", async () => {
    const finding = await find("login file", { facts: { ...file, path: "/h/it's mine", mode: 0o666 } });
    expect(fixOf(finding)).toBe(String.raw`Run: chmod 600 '/h/it'\''s mine'`);
  });
});

describe("the folder of the login", () => {
  test.each<[string, Partial<PathFacts>, string | undefined, string, RegExp | undefined]>([
    ["of one's own, readable by all", {}, undefined, "ok", undefined],
    ["that is missing", { kind: "missing" }, undefined, "ok", undefined],
    ["that one's group may write", { mode: 0o775 }, undefined, "note", /chmod go-w \/h$/],
    ["that all may write", { mode: 0o1777 }, undefined, "problem", /chmod go-w/],
    ["of another user", {}, "/h belongs to another user (uid 7)", "problem", /folder of your own/],
    ["that cannot be written", { writable: false }, undefined, "problem", /Correct the rights/],
    ["that is none", { kind: "file" }, undefined, "problem", /CODEX_AUTH_FILE/],
  ])("%s", async (_, facts, foreign, level, fix) => {
    const finding = await find("login folder", { facts: { ...folder, ...facts }, foreign });
    expect(finding).toMatchObject({ check: "login folder", level });
    if (fix !== undefined) expect(fixOf(finding)).toMatch(fix);
  });
});

describe("the state folder", () => {
  test.each<[string, Partial<PathFacts>, string | undefined, string, RegExp | undefined]>([
    ["of one's own", { mode: 0o700 }, undefined, "ok", undefined],
    ["that is missing", { kind: "missing" }, undefined, "ok", undefined],
    ["that others may read", {}, undefined, "note", /chmod 700 \/h$/],
    ["of another user", {}, "/h belongs to another user (uid 7)", "problem", /CODEX_STATE_DIR/],
    ["that is a file", { kind: "file" }, undefined, "problem", /CODEX_STATE_DIR/],
    ["that cannot be written", { writable: false }, undefined, "problem", /rights/],
  ])("%s", async (_, facts, foreign, level, fix) => {
    const finding = await find("state folder", { facts: { ...folder, ...facts }, foreign });
    expect(finding).toMatchObject({ check: "state folder", level });
    if (fix !== undefined) expect(fixOf(finding)).toMatch(fix);
  });
});

describe("the lock of the login file", () => {
  test.each<[string, LockReport, string, RegExp, RegExp | undefined]>([
    ["free", { kind: "free" }, "ok", /Nobody/, undefined],
    ["held", { kind: "held", ageMs: 3_000 }, "note", /\/h\/auth\.json\.lock, or has left it 3 s ago/, undefined],
    [
      "that is something else",
      { kind: "unexpected", why: "is not a directory" },
      "problem",
      /^\/h\/auth\.json\.lock blocks every change: it is not a directory\.$/,
      /^Remove \/h\/auth\.json\.lock\.$/,
    ],
  ])("%s", async (_, report, level, message, fix) => {
    const finding = await find("file lock", { report });
    expect(finding.level).toBe(level);
    expect(finding.message).toMatch(message);
    if (fix === undefined) expect(fixOf(finding)).toBeUndefined();
    else expect(fixOf(finding)).toMatch(fix);
  });

  test("that may not be looked at has no finding: its folder has one", async () => {
    const closed = { closed: "/h", report: { kind: "unexpected", why: "cannot be looked at (EACCES)" } } as const;
    expect(await findAll("file lock", closed)).toEqual([]);
    expect(await find("login folder", closed)).toMatchObject({ level: "problem" });
  });
});

test("what killed processes left, and damaged files, are counted and may hold tokens", async () => {
  expect(await findAll("leftover files", {})).toMatchObject([{ level: "ok", message: "None." }]);
  expect(await findAll("leftover files", { abandoned: ["/h/a.tmp.1", "/h/b.tmp.2"] })).toMatchObject([
    {
      level: "note",
      message: expect.stringMatching(/2 temporary files in \/h\..*tokens/) as string,
    },
  ]);
  expect(await findAll("damaged files", {})).toEqual([]);
  const finding = await find("damaged files", { setAside: ["/h/1", "/h/2", "/h/3", "/h/4"] });
  expect(finding.message).toContain("4 damaged login files set aside: /h/1, /h/2, /h/3, …");
});

test("facts are taken from the file system, without following the last link", async () => {
  const home = makeHome();
  writeFileSync(home.authFile, "{}", { mode: 0o600 });
  chmodSync(home.authFile, 0o640);
  symlinkSync(home.authFile, join(home.path, "link"));
  mkdirSync(join(home.path, "sub"));
  writeFileSync(`${home.authFile}.damaged-1`, "");
  expect(await pathFacts(home.authFile)).toMatchObject({
    kind: "file",
    mode: 0o640,
    foreignOwner: undefined,
  });
  expect((await pathFacts(join(home.path, "link"))).kind).toBe("link");
  expect((await pathFacts(join(home.path, "sub"))).kind).toBe("folder");
  expect((await pathFacts(join(home.path, "none"))).kind).toBe("missing");
  expect(await pathFacts(join(home.authFile, "x"))).toMatchObject({
    kind: "unknown",
    errno: "ENOTDIR",
  });
  expect(await setAsideFiles(home.authFile)).toEqual([`${home.authFile}.damaged-1`]);
});
