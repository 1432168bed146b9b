import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { renderFix } from "../../../src/render/next-step.ts";
import { windowsRightsCheck } from "../../../src/status/doctor/windows-rights.ts";
import { makeHome } from "../../support/home.ts";

const jane = "S-1-5-21-3461203602-4096304019-2269080069-1001";
const john = "S-1-5-21-3461203602-4096304019-2269080069-1002";
const profile = `(A;ID;FA;;;SY)(A;ID;FA;;;BA)(A;ID;FA;;;${jane})`;

interface Fakes {
  /** What `icacls /save` writes; undefined: nothing. */
  sddl?: string;
  whoami?: string;
  /** The login file is in Claude Code's folder. */
  usual?: boolean;
}

/** Windows' programs as scripts, which say what the real ones were recorded to say. */
async function look({ sddl, whoami = `"büro-pc\\jane","${jane}"\r\n`, usual = true }: Fakes) {
  const home = makeHome();
  const programs = join(home.path, "System32");
  const calls = join(home.path, "calls");
  mkdirSync(programs);
  const write = (name: string, body: string): void => {
    const script = `#!${process.execPath}\nconst fs = require("node:fs"), args = process.argv.slice(2);\n${body}\n`;
    writeFileSync(join(programs, name), script, { mode: 0o755 });
  };
  write("whoami.exe", `process.stdout.write(${JSON.stringify(whoami)});`);
  const saved = sddl === undefined ? undefined : `auth (A;;FA;;;WD).json\r\n${sddl}\r\n`;
  write(
    "icacls.exe",
    `fs.writeFileSync(${JSON.stringify(calls)}, JSON.stringify(args));` +
      (saved === undefined ? "" : `fs.writeFileSync(args[2], ${JSON.stringify(saved)}, "utf16le");`),
  );
  writeFileSync(home.authFile, "{}");
  const claudeHome = usual ? home.path : join(home.path, "elsewhere");
  const check = windowsRightsCheck({ authFile: home.authFile, claudeHome, systemRoot: home.path });
  const [finding] = await check.run(new AbortController().signal);
  const asked = existsSync(calls) ? (JSON.parse(readFileSync(calls, "utf8")) as string[]) : [];
  return {
    home,
    asked,
    level: finding?.level,
    message: finding?.message.replaceAll(home.authFile, "FILE"),
    fix: finding?.fix && renderFix(finding.fix, "cli").replaceAll(home.path, "FOLDER"),
  };
}

test("a file with a profile's rights is the user's alone, and nothing is left of the look", async () => {
  const { home, asked, level, message, fix } = await look({ sddl: `D:AI${profile}` });
  expect({ level, message, fix }).toEqual({
    level: "ok",
    message: "Only you, the system and administrators may read FILE.",
    fix: undefined,
  });
  const [file, option, saved = ""] = asked;
  expect([file, option]).toEqual([home.authFile, "/save"]);
  expect(readdirSync(tmpdir())).not.toContain(saved.split("/").at(-2));
});

test("rights that come from the folder are mended there, where the next refresh takes them from", async () => {
  const found = await look({ sddl: `D:AI${profile}(A;ID;0x1200a9;;;BU)(A;ID;FR;;;${john})` });
  expect(found).toMatchObject({
    level: "problem",
    message: `Others may read or change FILE: Users (S-1-5-32-545), ${john}, by the rights of its folder.`,
    fix:
      `Run: icacls "FOLDER" /inheritance:r /grant:r "*${jane}:(OI)(CI)F" "*S-1-5-18:(OI)(CI)F" ` +
      `"*S-1-5-32-544:(OI)(CI)F" /remove:g "*S-1-5-32-545" /remove:g "*${john}"`,
  });
});

test("a folder that may be meant for others is left, and the login file moved", async () => {
  const { fix } = await look({ sddl: "D:AI(A;ID;FA;;;AU)", usual: false });
  expect(fix).toBe("Set CODEX_AUTH_FILE to a file in your profile.");
});

test("rights that the file itself gives are taken away there", async () => {
  const { message, fix } = await look({ sddl: `D:AI(A;;FR;;;WD)${profile}` });
  expect(message).toBe("Others may read or change FILE: Everyone (S-1-1-0).");
  expect(fix).toBe('Run: icacls "FOLDER/auth.json" /remove:g "*S-1-1-0"');
});

test("sandboxes of apps and the installer of updates are no others", async () => {
  const installer = "S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464";
  const sddl = `D:AI${profile}(A;ID;FA;;;AC)(A;ID;FR;;;S-1-15-3-65536-1888954469)(A;ID;FA;;;${installer})`;
  expect((await look({ sddl })).level).toBe("ok");
});

test.each<[string, Fakes]>([
  ["icacls writes nothing", {}],
  ["icacls writes something else", { sddl: "Access is denied." }],
  ["whoami tells no SID", { sddl: `D:AI${profile}`, whoami: "VM\\root\r\n" }],
])("where %s, that is a note", async (_, fakes) => {
  expect(await look(fakes)).toMatchObject({
    level: "note",
    message: "Windows did not tell who may read FILE.",
    fix: undefined,
  });
});

test("without the programs it is a note, without a login file nothing", async () => {
  const home = makeHome();
  const config = { authFile: home.authFile, claudeHome: home.path, systemRoot: join(home.path, "none") };
  const { signal } = new AbortController();
  expect(await windowsRightsCheck(config).run(signal)).toEqual([]);
  writeFileSync(home.authFile, "{}");
  expect(await windowsRightsCheck(config).run(signal)).toMatchObject([{ level: "note" }]);
});

test("programs that hang are ended with the doctor's signal", async () => {
  const home = makeHome();
  mkdirSync(join(home.path, "System32"));
  const hang = `#!${process.execPath}\nsetInterval(() => 0, 1e6);\n`;
  for (const name of ["whoami", "icacls"]) {
    writeFileSync(join(home.path, "System32", `${name}.exe`), hang, { mode: 0o755 });
  }
  writeFileSync(home.authFile, "{}");
  const config = { authFile: home.authFile, claudeHome: home.path, systemRoot: home.path };
  const aborter = new AbortController();
  const found = windowsRightsCheck(config).run(aborter.signal);
  aborter.abort(new Error("enough"));
  await expect(found).rejects.toThrow("enough");
});
