// What the package would hold, judged by the usual two: publint (exports, files) and attw (types as
// every kind of importer resolves them).
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const folder = mkdtempSync(join(tmpdir(), "codex-oauth-package-"));
const bin = (name) => join("node_modules", ".bin", name);
const run = (command, args, stdio = "inherit") => spawnSync(command, args, { stdio }).status === 0;

try {
  const packed = run(
    "npm",
    ["pack", "--silent", "--ignore-scripts", "--pack-destination", folder],
    ["ignore", "ignore", "inherit"],
  );
  const [name = ""] = packed ? readdirSync(folder) : [];
  const archive = join(folder, name);
  const held =
    packed &&
    [
      run(bin("publint"), ["run", archive, "--strict"]),
      run(bin("attw"), [archive, "--no-emoji", "--format", "table-flipped"]),
    ].every(Boolean);
  if (!held) process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
