import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { findProgram } from "../../src/platform/programs.ts";
import { makeHome } from "../support/home.ts";

test("a program is found in the first folder that has it, and may be started", async () => {
  const { path } = makeHome();
  writeFileSync(join(path, "tool"), "", { mode: 0o644 });
  expect(await findProgram("tool", `relative:${path}`, "linux")).toBeUndefined();
  chmodSync(join(path, "tool"), 0o755);
  expect(await findProgram("tool", `relative:${path}`, "linux")).toBe(join(path, "tool"));
});

test("a folder of that name is no program; a link to a program is one", async () => {
  const { path } = makeHome();
  mkdirSync(join(path, "first/tool"), { recursive: true });
  mkdirSync(join(path, "second"));
  const searchPath = [join(path, "first"), join(path, "second")].join(":");
  expect(await findProgram("tool", searchPath, "linux")).toBeUndefined();
  writeFileSync(join(path, "real"), "", { mode: 0o755 });
  symlinkSync(join(path, "real"), join(path, "second/tool"));
  expect(await findProgram("tool", searchPath, "linux")).toBe(join(path, "second/tool"));
});

test("in Windows it is an .exe or a .cmd", async () => {
  const { path } = makeHome();
  writeFileSync(join(path, "tool"), "", { mode: 0o755 });
  expect(await findProgram("tool", path, "win32")).toBeUndefined();
  writeFileSync(join(path, "tool.cmd"), "", { mode: 0o644 });
  expect(await findProgram("tool", path, "win32")).toBe(join(path, "tool.cmd"));
});
