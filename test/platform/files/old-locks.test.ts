import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { removeOldLocks } from "../../../src/platform/files/old-locks.ts";
import { makeHome } from "../../support/home.ts";

const owner = "owner.4711-1-0123456789ab-0123456789ab.0";

function plant(path: string, files: readonly string[] = []): void {
  mkdirSync(path);
  for (const file of files) writeFileSync(join(path, file), "");
}

test("locks with an owner's file go, with those that were prepared", async () => {
  const { path, authFile } = makeHome();
  const names = [".lock", ".refresh.lock", ".lock.prep.1-2", ".refresh.lock.prep.1-2"];
  for (const name of names) plant(`${authFile}${name}`, [owner]);
  await removeOldLocks(authFile);
  expect(readdirSync(path)).toEqual([]);
});

test("an empty lock is proper-lockfile's and stays, as does what no lock has and what is another file's", async () => {
  const { path, authFile } = makeHome();
  plant(`${authFile}.lock`);
  plant(`${authFile}.refresh.lock`, [owner, "notes.txt"]);
  plant(`${authFile}2.lock`, [owner]);
  plant(join(path, "other.lock"), [owner]);
  const before = readdirSync(path, { recursive: true }).sort();
  await removeOldLocks(authFile);
  expect(readdirSync(path, { recursive: true }).sort()).toEqual(before);
});

test("without the folder it does nothing", async () => {
  await expect(removeOldLocks(join(makeHome().path, "none", "auth.json"))).resolves.toBeUndefined();
});
