import { execFile } from "node:child_process";
import { chmodSync, chownSync, copyFileSync, existsSync, mkdirSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { cliEnvironment } from "../support/cli.ts";
import { makeHome, writeLogin, type Home } from "../support/home.ts";
import { shippedEntry, simulate } from "../support/server.ts";

const isRoot = process.getuid?.() === 0;
const [user, other] = [65_534, 1234];

const rightsOf = (path: string) => {
  const { uid, mode } = statSync(path);
  return { uid, mode: mode & 0o7777 };
};

/** One question as that user, with the home's `shared` as state folder; gives stderr. */
async function ask(home: Home, uid: number, args = ["query", "hi"]): Promise<string> {
  const simulator = await simulate();
  writeLogin(home, simulator);
  const program = join(home.path, "main.cjs");
  copyFileSync(shippedEntry, program); // the checkout may be readable by root only
  for (const path of [home.path, home.authFile]) chownSync(path, uid, uid);
  const env = cliEnvironment({ simulator, home, args, env: { CODEX_STATE_DIR: join(home.path, "shared") } });
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [program, ...args], { env, uid, gid: uid });
  return stdout + stderr;
}

function sharedFolder(home: Home, mode: number): string {
  const folder = join(home.path, "shared");
  mkdirSync(folder);
  chmodSync(folder, mode);
  return folder;
}

// Two users: only root can start a process of another.
describe.runIf(isRoot)("a state folder that is shared with others, such as /tmp", () => {
  test.each([
    ["root", 0],
    ["an ordinary user", user],
  ])("keeps its rights when %s names it; a folder in it has the files", async (_, uid) => {
    const home = makeHome();
    const folder = sharedFolder(home, 0o1777);
    await ask(home, uid);
    expect(rightsOf(folder)).toEqual({ uid: 0, mode: 0o1777 });
    expect(readdirSync(folder)).toEqual(["codex-oauth"]);
    expect(rightsOf(join(folder, "codex-oauth"))).toEqual({ uid, mode: 0o700 });
    expect(readdirSync(join(folder, "codex-oauth"))).toContain("quota.json");
  });

  test("another user's codex-oauth in it is not used, and status says so", async () => {
    const home = makeHome();
    const theirs = join(sharedFolder(home, 0o1777), "codex-oauth");
    mkdirSync(theirs);
    chmodSync(theirs, 0o777);
    chownSync(theirs, other, other);
    await ask(home, user);
    expect(readdirSync(theirs)).toEqual([]);
    expect(await ask(home, user, ["status"])).toContain(`${theirs} belongs to another user (uid ${other})`);
  });
});

test.skipIf(process.platform === "win32")("an existing state folder of one's own keeps its rights", async () => {
  const home = makeHome();
  const folder = sharedFolder(home, 0o755);
  await ask(home, process.getuid?.() ?? 0);
  expect(rightsOf(folder).mode).toBe(0o755);
  expect(existsSync(join(folder, "quota.json"))).toBe(true);
  expect(statSync(join(folder, "quota.json")).mode & 0o777).toBe(0o600);
});
