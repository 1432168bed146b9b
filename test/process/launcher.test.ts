import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { installedCopy, startReadOnly, tellsWhatRuns, type Copy, type Started } from "../support/launcher.ts";

const built = (copy: Copy) => join(copy.root, "dist/main.cjs");
const soon = () => new Date(Date.now() + 60_000);

/** What `tellsWhatRuns` says: the file, the process and its arguments. */
async function told({ ended }: Started): Promise<[string, number, string[]]> {
  const { code, stdout, stderr } = await ended;
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return JSON.parse(stdout) as [string, number, string[]];
}

describe("where a build is there", () => {
  test("it is run as it is, in the very process that the host started, with its arguments", async () => {
    const copy = installedCopy("none");
    copy.writeBuilt(tellsWhatRuns);
    const started = copy.start();
    expect(await told(started)).toEqual([built(copy), started.child.pid, ["serve"]]);
  });

  test("a packed copy, which has no sources, never builds", async () => {
    const copy = installedCopy();
    copy.writeBuilt("process.stdout.write('packed')");
    rmSync(join(copy.root, "src"), { recursive: true });
    expect((await copy.start().ended).stdout).toBe("packed");
  });

  test("without packages it is run even when it is older than the sources", async () => {
    const copy = installedCopy("none");
    copy.writeBuilt(tellsWhatRuns);
    copy.writeSource("", soon());
    expect((await told(copy.start()))[0]).toBe(built(copy));
  });

  test("one that is older than a source is built anew", async () => {
    const copy = installedCopy();
    copy.writeBuilt("process.stdout.write('old')");
    copy.writeSource(tellsWhatRuns, soon());
    expect((await told(copy.start()))[0]).toBe(built(copy));
  });

  test("what an editor or a file manager left among the sources stands in nobody's way", async () => {
    const copy = installedCopy("none");
    copy.writeBuilt(tellsWhatRuns);
    for (const name of [".DS_Store", "4913", ".main.ts.swp", "main.ts~"]) {
      writeFileSync(join(copy.root, "src", name), "");
    }
    symlinkSync("user@host.1234:5678", join(copy.root, "src/.#main.ts"));
    expect((await told(copy.start()))[0]).toBe(built(copy));
  });

  test("sources that cannot be built leave the old build in use, and say so on stderr", async () => {
    const copy = installedCopy();
    copy.writeBuilt("process.stdout.write('old')");
    copy.writeSource("const = 1;", soon());
    const { code, stdout, stderr } = await copy.start().ended;
    expect({ code, stdout }).toEqual({ code: 0, stdout: "old" });
    expect(stderr).toContain("src/main.ts:1:6");
  });

  test("the bundle may require what Node brings, only when it needs it", async () => {
    const copy = installedCopy("none");
    copy.writeBuilt("setImmediate(() => console.log(typeof require('node:zlib').gzipSync))");
    expect((await copy.start().ended).stdout).toBe("function\n");
  });
});

test("under a Node that is too old it says which one it needs, before anything can fail", async () => {
  const copy = installedCopy("none");
  copy.writeBuilt(tellsWhatRuns);
  const pretend = join(copy.data, "pretend.cjs");
  writeFileSync(pretend, "Object.defineProperty(process, 'versions', { value: { node: process.env.AS } });");
  const as = (version: string) => copy.start({ NODE_OPTIONS: `--require ${pretend}`, AS: version });
  for (const old of ["18.20.8", "20.17.9", "20.18.0"]) {
    const { code, stdout, stderr } = await as(old).ended;
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toContain("codex-oauth cannot start: it needs Node 20.18.1 or newer");
    expect(stderr).toContain(`${process.execPath}).\nInstall a newer one`);
  }
  for (const fine of ["20.18.1", "20.19.0", "22.0.0", "101.0.0"]) await told(as(fine));
});

describe("where there is no build", () => {
  test("it is made before the first start, and used by the second", async () => {
    const copy = installedCopy();
    expect((await told(copy.start()))[0]).toBe(built(copy));
    expect(readdirSync(join(copy.root, "dist"))).toEqual(["main.cjs"]);
    const { ino } = statSync(built(copy));
    await told(copy.start());
    expect(statSync(built(copy)).ino).toBe(ino);
  });

  test("windows that start together all get a whole one", async () => {
    const copy = installedCopy();
    const started = Array.from({ length: 6 }, () => copy.start());
    for (const one of started) expect((await told(one))[0]).toBe(built(copy));
    expect(readdirSync(join(copy.root, "dist"))).toEqual(["main.cjs"]);
  });

  test("in a folder that cannot be written it goes to the plugin's data, once", async () => {
    const copy = installedCopy("copied");
    const [file] = await told(startReadOnly(copy));
    expect(file.startsWith(`${copy.data}/build-`)).toBe(true);
    expect(existsSync(join(copy.root, "dist"))).toBe(false);
    expect(statSync(file).mode & 0o022).toBe(0);
    const { ino } = statSync(file);
    expect((await told(startReadOnly(copy)))[0]).toBe(file);
    expect(statSync(file).ino).toBe(ino);
  });

  test.skipIf(process.geteuid?.() !== 0)(
    "there, what another user has put into a build's place is never run",
    async () => {
      const copy = installedCopy("copied");
      const [file] = await told(startReadOnly(copy));
      writeFileSync(file, "process.stdout.write('planted')");
      for (const path of [file, dirname(file)]) chownSync(path, 1234, 1234);
      const [own] = await told(startReadOnly(copy));
      expect(dirname(dirname(own))).toBe(join(copy.data, ".claude/codex-oauth"));
    },
  );

  test("there, a build of another version goes when it is a month old", async () => {
    const copy = installedCopy("copied");
    const ofAge = (name: string, days: number) => {
      const file = join(copy.data, name, "main.cjs");
      mkdirSync(join(copy.data, name));
      writeFileSync(file, "");
      const then = new Date(Date.now() - days * 24 * 60 * 60 * 1_000);
      utimesSync(file, then, then);
      chmodSync(join(copy.data, name), 0o777);
    };
    const young = "build-0123456789abcdef";
    ofAge("build-fedcba9876543210", 31);
    ofAge(young, 29);
    // What others may have put there.
    ofAge("build-thesis", 31);
    ofAge("other", 31);
    const [file] = await told(startReadOnly(copy));
    expect(readdirSync(copy.data).sort()).toEqual([basename(dirname(file)), young, "build-thesis", "other"].sort());
  });

  test("without packages it says what to run, and ends with 1 and nothing on stdout", async () => {
    const copy = installedCopy("none");
    const { code, stdout, stderr } = await copy.start().ended;
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toBe(
      "codex-oauth cannot start: its packages are missing. Run this once:\n" + `  npm --prefix "${copy.root}" ci\n`,
    );
  });

  /** A package in a folder above the copy's, where a shared machine lets others write; gives its file. */
  function plantAbove(copy: Copy, name: string, text: string): string {
    const folder = join(dirname(copy.root), "node_modules", name);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "package.json"), JSON.stringify({ name, main: "index.js" }));
    writeFileSync(join(folder, "index.js"), text);
    return join(folder, "index.js");
  }

  test("the builder of a folder above is not run", async () => {
    const copy = installedCopy("none");
    plantAbove(copy, "esbuild", "process.stderr.write('planted'); exports.build = () => process.exit(0);");
    const { code, stdout, stderr } = await copy.start().ended;
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toContain("its packages are missing");
    expect(stderr).not.toContain("planted");
  });

  test("a package of a folder above is not built in", async () => {
    const copy = installedCopy("copied");
    const file = plantAbove(copy, "zod", "process.stdout.write('planted');");
    copy.writeSource('import "zod";');
    const { code, stdout, stderr } = await copy.start().ended;
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toContain(`${file} is not one of the program's own packages`);
    expect(readdirSync(join(copy.root, "dist"))).toEqual([]);
  });

  test.skipIf(process.platform === "win32")("without a umask, too, only its owner may write the build", async () => {
    const copy = installedCopy();
    const preload = join(copy.data, "preload.cjs");
    writeFileSync(preload, "process.umask(0);");
    await told(copy.start({ NODE_OPTIONS: `--require ${preload}` }));
    expect(statSync(built(copy)).mode & 0o022).toBe(0);
    expect(statSync(dirname(built(copy))).mode & 0o022).toBe(0);
  });

  test("a build that fails says so, and ends with 1 and nothing on stdout", async () => {
    const copy = installedCopy();
    copy.writeSource("const = 1;");
    const { code, stdout, stderr } = await copy.start().ended;
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toContain("src/main.ts:1:6");
    expect(stderr).toContain(`npm --prefix "${copy.root}" run build`);
  });
});
