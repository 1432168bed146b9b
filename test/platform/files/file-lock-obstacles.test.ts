import { execFileSync } from "node:child_process";
import { chmodSync, lstatSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { systemClock } from "../../../src/platform/clock.ts";
import { FileLock } from "../../../src/platform/files/file-lock.ts";
import { identifySelf } from "../../../src/platform/process-identity.ts";
import { systemRandom } from "../../../src/platform/random.ts";
import { makeHome } from "../../support/home.ts";
import { withoutPrivileges } from "../../support/ordinary-user.ts";
import { deadProcess, plantLock } from "../../support/owners.ts";
import { act, retry } from "../../../src/shared/next-step.ts";

function lockOf(path: string): FileLock {
  const self = identifySelf(process.pid, systemRandom);
  return new FileLock(path, { clock: systemClock, random: systemRandom, self });
}

test.each([
  [
    "a file",
    (path: string) => {
      writeFileSync(path, "");
    },
    "not a directory",
  ],
  [
    "a symbolic link to a folder",
    (path: string) => {
      symlinkSync("/tmp", path);
    },
    "not a directory",
  ],
  [
    "a dangling link",
    (path: string) => {
      symlinkSync("/nowhere", path);
    },
    "not a directory",
  ],
  [
    "a FIFO",
    (path: string) => {
      execFileSync("mkfifo", [path]);
    },
    "not a directory",
  ],
  [
    "a folder with other things in it",
    (path: string) => {
      mkdirSync(path);
      writeFileSync(join(path, "notes.txt"), "");
    },
    "did not put there",
  ],
  [
    "a dead owner's lock with something else in it",
    (path: string) => {
      plantLock(path, deadProcess());
      writeFileSync(join(path, "notes.txt"), "");
    },
    "did not put there",
  ],
])("%s in the lock's place is refused at once and left as it is", async (_, plant, why) => {
  const path = join(makeHome().path, "auth.json.lock");
  plant(path);
  const before = lstatSync(path);
  await expect(lockOf(path).acquire(20_000)).rejects.toMatchObject({
    code: "STORAGE",
    message: `The lock ${path} cannot be used.`,
    details: {
      why: expect.stringContaining(why) as string,
      next: [act(`Remove ${path}`), retry],
    },
  });
  expect(lstatSync(path)).toMatchObject({ ino: before.ino, mode: before.mode });
});

test("a missing folder is told with its path", async () => {
  const path = join(makeHome().path, "gone", "auth.json.lock");
  await expect(lockOf(path).acquire(0)).rejects.toMatchObject({
    code: "STORAGE",
    message: `codex-oauth could not take the lock at ${path} (ENOENT).`,
  });
});

test.each([
  ["beside which nothing may be written", (folder: string) => join(folder, "auth.json.lock")],
  [
    "that may not be looked into",
    (folder: string) => {
      const path = join(folder, "auth.json.lock");
      mkdirSync(path, { mode: 0o000 });
      return path;
    },
  ],
])("a lock %s is told with the reason", async (_, plant) => {
  const folder = makeHome().path;
  const path = plant(folder);
  chmodSync(folder, 0o555);
  await withoutPrivileges(async () => {
    await expect(lockOf(path).acquire(20_000)).rejects.toMatchObject({
      code: "STORAGE",
      details: { why: "The rights do not allow it." },
    });
  });
  chmodSync(folder, 0o755);
});
