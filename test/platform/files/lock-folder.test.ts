import { chmodSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { reportLock } from "../../../src/platform/files/lock-folder.ts";
import { identifySelf } from "../../../src/platform/process-identity.ts";
import { systemRandom } from "../../../src/platform/random.ts";
import { makeHome } from "../../support/home.ts";
import { withoutPrivileges } from "../../support/ordinary-user.ts";
import {
  anHourMs,
  deadProcess,
  foreignProcess,
  liveProcess,
  plantForeignLock,
  plantLock,
} from "../../support/owners.ts";

const self = identifySelf(process.pid, systemRandom);
const report = (path: string) => reportLock(path, self, Date.now());
const place = () => join(makeHome().path, "x.lock");

test("no lock is a free one", async () => {
  expect(await report(place())).toEqual({ kind: "free" });
});

test.each([
  ["alive", liveProcess],
  ["dead", deadProcess],
  ["unknown", foreignProcess],
] as const)("an owner that is %s is told with its age, and the lock stays", async (liveness, owner) => {
  const path = place();
  const process = owner();
  plantLock(path, process, anHourMs);
  expect(await report(path)).toEqual({
    kind: "held",
    pid: process.pid,
    liveness,
    ageMs: expect.closeTo(anHourMs, -4) as number,
  });
  expect(readdirSync(path)).toHaveLength(1);
});

test("what others put there is told apart", async () => {
  const empty = place();
  plantForeignLock(empty, 0);
  expect((await report(empty)).kind).toBe("other-tool");
  const file = place();
  writeFileSync(file, "");
  expect(await report(file)).toEqual({ kind: "unexpected", why: "it is not a directory" });
  const full = place();
  mkdirSync(full);
  writeFileSync(join(full, "notes.txt"), "");
  expect(await report(full)).toMatchObject({
    kind: "unexpected",
    why: expect.stringMatching(/did not put there/) as string,
  });
  expect(await report(join(file, "below"))).toMatchObject({
    why: expect.stringMatching(/ENOTDIR/) as string,
  });
});

test("a lock in a folder that may not be entered is inaccessible, not unexpected", async () => {
  const home = makeHome().path;
  const closed = join(home, "closed");
  mkdirSync(closed, { mode: 0o000 });
  chmodSync(home, 0o755);
  const seen = await withoutPrivileges(() => report(join(closed, "x.lock")));
  expect(seen).toEqual({ kind: "inaccessible" });
});
