import { execFileSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  existsSync,
  lchownSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { systemClock } from "../../../src/platform/clock.ts";
import { isMountPoint, prepareFile, readSecureFile, writeSecureFile } from "../../../src/platform/files/secure-file.ts";
import { makeHome } from "../../support/home.ts";
import { withoutPrivileges } from "../../support/ordinary-user.ts";

const isRoot = process.getuid?.() === 0;

/** Replaces whatever is there. */
async function write(path: string, text: string): Promise<void> {
  const version = (await readSecureFile(path).catch(() => undefined))?.version;
  expect(await writeSecureFile(path, text, `${path}.tmp`, systemClock, version)).toBe(true);
}

async function textOf(path: string): Promise<string | undefined> {
  return (await readSecureFile(path))?.text;
}

function modeOf(path: string): string {
  return (statSync(path).mode & 0o777).toString(8);
}

test("what was written is read; a missing file is no error", async () => {
  const { authFile } = makeHome();
  expect(await readSecureFile(authFile)).toBeUndefined();
  await write(authFile, "grün");
  expect(await textOf(authFile)).toBe("grün");
  expect(existsSync(`${authFile}.tmp`)).toBe(false);
});

test.each([0o000, 0o022, 0o777])("the file is 0600 under umask %o", async (mask) => {
  const { authFile } = makeHome();
  const previous = process.umask(mask);
  onTestFinished(() => {
    process.umask(previous);
  });
  await write(authFile, "text");
  expect(modeOf(authFile)).toBe("600");
});

test("a loose mode of the old file is not kept", async () => {
  const { authFile } = makeHome();
  writeFileSync(authFile, "old", { mode: 0o644 });
  await write(authFile, "new");
  expect(modeOf(authFile)).toBe("600");
});

test("a symbolic link is neither read nor replaced, and its target stays", async () => {
  const { path, authFile } = makeHome();
  const target = join(path, "elsewhere.json");
  for (const exists of [false, true]) {
    if (exists) writeFileSync(target, "theirs");
    else symlinkSync(target, authFile);
    const refused = { code: "STORAGE", message: expect.stringContaining(authFile) as string };
    await expect(readSecureFile(authFile)).rejects.toMatchObject(refused);
    await expect(write(authFile, "ours")).rejects.toMatchObject({
      ...refused,
      details: { why: "It is a symbolic link." },
    });
    expect(existsSync(target) && readFileSync(target, "utf8")).toBe(exists && "theirs");
  }
  expect(readdirSync(path).sort()).toEqual(["auth.json", "elsewhere.json"]);
});

test.each([
  ["a FIFO", (path: string) => execFileSync("mkfifo", [path])],
  [
    "a folder",
    (path: string) => {
      mkdirSync(path);
    },
  ],
])("%s is refused without waiting for it", async (_, plant) => {
  const { authFile } = makeHome();
  plant(authFile);
  const refused = { code: "STORAGE", details: { why: "It is not a regular file." } };
  await expect(readSecureFile(authFile)).rejects.toMatchObject(refused);
  await expect(write(authFile, "ours")).rejects.toMatchObject(refused);
});

test("a socket and a device are refused", async () => {
  const { authFile } = makeHome();
  const server = createServer().listen(authFile);
  onTestFinished(() => void server.close());
  await new Promise((resolve) => server.once("listening", resolve));
  await expect(readSecureFile(authFile)).rejects.toMatchObject({ code: "STORAGE" });
  await expect(readSecureFile("/dev/zero")).rejects.toMatchObject({ code: "STORAGE" });
});

test("a file of a gigabyte is refused unread", async () => {
  const { authFile } = makeHome();
  writeFileSync(authFile, "");
  truncateSync(authFile, 1024 ** 3); // takes no room on the disk
  await expect(readSecureFile(authFile)).rejects.toMatchObject({
    code: "STORAGE",
    details: { why: "It is far too large." },
  });
});

test.skipIf(!isRoot)("a file of another user is neither read nor replaced (only root can make one)", async () => {
  const { authFile } = makeHome();
  writeFileSync(authFile, "theirs");
  chmodSync(authFile, 0o666);
  chownSync(authFile, 12_345, 12_345);
  const refused = {
    code: "STORAGE",
    details: { why: "It belongs to another user (uid 12345)." },
  };
  await expect(readSecureFile(authFile)).rejects.toMatchObject(refused);
  await expect(write(authFile, "ours")).rejects.toMatchObject(refused);
  expect(readFileSync(authFile, "utf8")).toBe("theirs");
});

test.skipIf(!isRoot)("a folder that is another user's link is refused (only root can make one)", async () => {
  const { path } = makeHome();
  mkdirSync(join(path, "real"));
  symlinkSync(join(path, "real"), join(path, "link"));
  lchownSync(join(path, "link"), 12_345, 12_345);
  const refused = {
    code: "STORAGE",
    details: { why: expect.stringContaining("uid 12345") as string },
  };
  await expect(readSecureFile(join(path, "link", "auth.json"))).rejects.toMatchObject(refused);
  await expect(write(join(path, "link", "auth.json"), "ours")).rejects.toMatchObject(refused);
  expect(readdirSync(join(path, "real"))).toEqual([]);
});

test("a folder that is a link of our own is followed", async () => {
  const { path } = makeHome();
  mkdirSync(join(path, "real"));
  symlinkSync(join(path, "real"), join(path, "link"));
  await write(join(path, "link", "auth.json"), "ours");
  expect(readFileSync(join(path, "real", "auth.json"), "utf8")).toBe("ours");
});

test("a folder that takes no file is told, with what to do, and the old file stays", async () => {
  const { path, authFile } = makeHome();
  writeFileSync(authFile, "old");
  chmodSync(path, 0o555);
  await withoutPrivileges(async () => {
    const refused = { code: "STORAGE", message: expect.stringContaining("(EACCES)") as string };
    await expect(write(authFile, "new")).rejects.toMatchObject(refused);
    await expect(prepareFile(authFile, 10, `${authFile}.tmp`)).rejects.toMatchObject(refused);
  });
  chmodSync(path, 0o755);
  expect(readdirSync(path)).toEqual(["auth.json"]);
  expect(readFileSync(authFile, "utf8")).toBe("old");
});

test("a prepared file has its size on the disk and mode 0600, and becomes the file", async () => {
  const { path, authFile } = makeHome();
  const previous = process.umask(0o000);
  onTestFinished(() => {
    process.umask(previous);
  });
  await prepareFile(authFile, 100_000, `${authFile}.tmp`);
  const { ino, size, blocks } = statSync(`${authFile}.tmp`);
  expect(size).toBe(100_000);
  expect(blocks * 512).toBeGreaterThanOrEqual(100_000);
  expect(modeOf(`${authFile}.tmp`)).toBe("600");
  await write(authFile, "short");
  expect(statSync(authFile).ino).toBe(ino);
  expect(readFileSync(authFile, "utf8")).toBe("short");
  expect(readdirSync(path)).toEqual(["auth.json"]);
});

test("a file that has another version is left alone", async () => {
  const { path, authFile } = makeHome();
  const replace = (text: string, expected: string | undefined): Promise<boolean> =>
    writeSecureFile(authFile, text, `${authFile}.tmp`, systemClock, expected);
  expect(await replace("first", "a version that was never there")).toBe(false);
  expect(existsSync(authFile)).toBe(false);
  expect(await replace("first", undefined)).toBe(true);
  const { version } = (await readSecureFile(authFile))!;
  expect(await replace("over one that is there", undefined)).toBe(false);
  writeFileSync(authFile, "other"); // as long as the first one
  expect(await replace("second", version)).toBe(false);
  expect(readFileSync(authFile, "utf8")).toBe("other");
  const { version: next } = (await readSecureFile(authFile))!;
  expect(next).not.toBe(version);
  expect(await replace("second", next)).toBe(true);
  expect(await replace("third", next)).toBe(false);
  expect(await textOf(authFile)).toBe("second");
  expect(readdirSync(path)).toEqual(["auth.json"]);
});

test("a file that another one has replaced has another version, also with the same text and times", async () => {
  const { path, authFile } = makeHome();
  await write(authFile, "text");
  const { version } = (await readSecureFile(authFile))!;
  const { atime, mtime } = statSync(authFile);
  writeFileSync(join(path, "copy"), "text", { mode: 0o600 });
  utimesSync(join(path, "copy"), atime, mtime);
  renameSync(join(path, "copy"), authFile);
  expect(await writeSecureFile(authFile, "ours", `${authFile}.tmp`, systemClock, version)).toBe(false);
  expect(readFileSync(authFile, "utf8")).toBe("text");
});

test("a file on an ordinary folder is no mount point", async () => {
  const { authFile } = makeHome();
  expect(await isMountPoint(authFile)).toBe(false);
  await write(authFile, "text");
  expect(await isMountPoint(authFile)).toBe(false);
});

test("a temporary file that is there already is not written through", async () => {
  const { path, authFile } = makeHome();
  const victim = join(path, "victim");
  writeFileSync(victim, "theirs");
  symlinkSync(victim, `${authFile}.tmp`);
  await expect(write(authFile, "ours")).rejects.toMatchObject({ code: "STORAGE" });
  expect(readFileSync(victim, "utf8")).toBe("theirs");
});

test("readers see the old content or the new, never a part", async () => {
  const { authFile } = makeHome();
  const contents = ["a", "b"].map((letter) => letter.repeat(300_000));
  await write(authFile, contents[0] ?? "");
  const readers = new AbortController();
  const writer = (async () => {
    for (let n = 0; n < 40; n++) await write(authFile, contents[n % 2] ?? "");
    readers.abort();
  })();
  while (!readers.signal.aborted) expect(contents).toContain(await textOf(authFile));
  await writer;
});
