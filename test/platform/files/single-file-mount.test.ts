import { readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { makeHome, type Home } from "../../support/home.ts";
import { noMounts, runWithMounts } from "../../support/namespace.ts";

const imports = `
  import { interruptedCopy, isMountPoint, prepareFile, readSecureFile, writeSecureFile } from "./src/platform/files/secure-file.ts";
  import { systemClock } from "./src/platform/clock.ts";
  import { existsSync, readFileSync, writeFileSync } from "node:fs";
  const file = process.argv[2];
  const write = async (text, expected, temporary = file + ".tmp") =>
    writeSecureFile(file, text, temporary, systemClock, expected).catch(({ code, details }) => code + ": " + details.why);
  const print = (result) => console.log(JSON.stringify(result));
`;

/** A home whose auth file is the mount of another file, as \`docker run -v …/auth.json\` makes it. */
function mountedHome(readOnly = false): Home & { real: string; mounts: string } {
  const home = makeHome();
  const real = join(makeHome().path, "real.json");
  writeFileSync(real, "old", { mode: 0o600 });
  writeFileSync(home.authFile, "", { mode: 0o600 });
  const bind = `mount --bind ${real} ${home.authFile}`;
  return { ...home, real, mounts: readOnly ? `${bind}; mount -o remount,bind,ro ${home.authFile}` : bind };
}

describe.skipIf(noMounts !== undefined)(`a file that is a mount point${noMounts ? ` (${noMounts})` : ""}`, () => {
  test("is overwritten in place, compared before, and its copy goes", () => {
    const { mounts, authFile, real, path } = mountedHome();
    const { ino } = statSync(real);
    const module = `${imports}
      const mounted = await isMountPoint(file);
      const { version } = await readSecureFile(file);
      await prepareFile(file, 1000, file + ".tmp");
      const saved = await write("new and longer", version);
      const stale = await write("never", version);
      const shorter = await write("short", (await readSecureFile(file)).version);
      print({ mounted, saved, stale, shorter, text: (await readSecureFile(file)).text });`;
    expect(runWithMounts(mounts, module, authFile)).toEqual({
      mounted: true,
      saved: true,
      stale: false,
      shorter: true,
      text: "short",
    });
    expect(readFileSync(real, "utf8")).toBe("short");
    expect(statSync(real)).toMatchObject({ ino });
    expect(readdirSync(path)).toEqual(["auth.json"]);
  });

  test("has a copy of the new text as long as it is being overwritten", () => {
    const { mounts, authFile } = mountedHome();
    const module = `${imports}
      const none = await interruptedCopy(file);
      writeFileSync(file + ".copy", "the new text", { mode: 0o600 });
      print({ none: none ?? "none", copy: (await interruptedCopy(file)).text });`;
    expect(runWithMounts(mounts, module, authFile)).toEqual({ none: "none", copy: "the new text" });
  });

  test("that is read-only is told before a token is used", () => {
    const { mounts, authFile, path } = mountedHome(true);
    const module = `${imports}
      const prepared = await prepareFile(file, 1000, file + ".tmp").catch(({ code, details }) => code + ": " + details.why);
      print({ prepared, left: existsSync(file + ".tmp") });`;
    expect(runWithMounts(mounts, module, authFile)).toEqual({
      prepared: "STORAGE: The file system is read-only.",
      left: false,
    });
    expect(readdirSync(path)).toEqual(["auth.json"]);
  });

  test("is one at a path with blanks, and behind a link to its folder", () => {
    const home = makeHome();
    const file = join(home.path, "it's a file");
    writeFileSync(file, "old", { mode: 0o600 });
    const module = `${imports} print(await isMountPoint(file));`;
    const bind = `mount --bind "${file}" "${file}"`;
    expect(runWithMounts(bind, module, file)).toBe(true);
    const link = join(makeHome().path, "link");
    symlinkSync(home.path, link);
    expect(runWithMounts(bind, module, join(link, "it's a file"))).toBe(true);
    expect(runWithMounts(bind, module, join(link, "another"))).toBe(false);
  });

  test("an interrupted write costs no login: the copy counts, is written back and goes", () => {
    const home = mountedHome();
    const login = {
      version: 1,
      issuer: "https://issuer.test",
      apiOrigin: "https://api.test",
      accessToken: "access",
      refreshToken: "refresh",
      idToken: "id",
      accountId: "account",
      expiresAt: 1,
      generation: 1,
    };
    writeFileSync(join(home.path, "auth.json.copy"), JSON.stringify({ theirs: 1, codex: login }), { mode: 0o600 });
    writeFileSync(home.real, '{"theirs": 1, "codex": {"vers');
    const module = `
      import { FileLock } from "./src/platform/files/file-lock.ts";
      import { TemporaryFiles } from "./src/platform/files/temporary-files.ts";
      import { LoginCipher } from "./src/auth/session/login-cipher.ts";
      import { TokenStore } from "./src/auth/session/token-store.ts";
      import { identifySelf } from "./src/platform/process-identity.ts";
      import { refedClock as clock } from "./src/platform/clock.ts";
      import { systemRandom as random } from "./src/platform/random.ts";
      const path = process.argv[2];
      const redactor = { addSecrets: () => undefined };
      const cipher = new LoginCipher({ wanted: undefined, path, keyring: {}, random, clock, redactor });
      const store = new TokenStore({
        path, clock, cipher, foreignLogins: [], lockWaitMs: 1000, log: () => undefined,
        lock: new FileLock(path, { clock, random }),
        temporaries: new TemporaryFiles(identifySelf(process.pid, random), clock),
      });
      const found = await store.read();
      await store.update((stored) => ({ ...stored, plan: "changed" }));
      console.log(JSON.stringify([found?.refreshToken, store.setAside ?? null]));
      process.exit();`;
    expect(runWithMounts(home.mounts, module, home.authFile)).toEqual(["refresh", null]);
    expect(JSON.parse(readFileSync(home.real, "utf8"))).toMatchObject({ theirs: 1, codex: { plan: "changed" } });
    expect(readdirSync(home.path)).toEqual(["auth.json"]);
  });
});

const roomy = 64 * 1024;

test.skipIf(noMounts !== undefined)("a save in prepared room needs no further space on the disk", () => {
  const { path, authFile } = makeHome();
  const module = `${imports}
    const fill = () => {
      for (let size = 2 ** 20; size >= 1; ) {
        try { writeFileSync("${path}/filler", "x".repeat(size), { flag: "a" }); } catch { size = Math.floor(size / 2); }
      }
    };
    await write("old", undefined);
    await prepareFile(file, ${roomy}, file + ".1");
    fill();
    const { version } = await readSecureFile(file);
    const elsewhere = await write("y".repeat(${roomy}), version, file + ".2");
    const kept = readFileSync(file, "utf8");
    const saved = await write("y".repeat(${roomy}), version, file + ".1");
    print({ elsewhere, kept, saved, length: readFileSync(file).length });`;
  expect(runWithMounts(`mount -t tmpfs -o size=512k none ${path}`, module, authFile)).toEqual({
    elsewhere: "STORAGE: The disk is full.",
    kept: "old",
    saved: true,
    length: roomy,
  });
});
