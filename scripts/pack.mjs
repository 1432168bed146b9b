// `npm run pack`: the package as it is published, built afresh in a folder of its own, as
// out/codex-oauth-mcp-X.Y.Z.tgz; `--out FOLDER` puts it elsewhere. Everything is in the bundle, so the
// manifest names no dependency: nothing is fetched or built by whoever installs it.
import { spawnSync } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

/** Whoever starts it by `npx` waits for all of it. */
const maxBytes = 2_000_000;
const root = join(import.meta.dirname, "..");
const at = process.argv.indexOf("--out");
const out = at < 0 ? join(root, "out") : resolve(process.argv[at + 1]);

const stage = await mkdtemp(join(tmpdir(), "codex-oauth-pack-"));
try {
  await mkdir(out, { recursive: true });
  run(process.execPath, [join(root, "scripts/build.mjs"), "--package", stage], root);
  const manifest = await publishedManifest();
  await writeFile(join(stage, "package.json"), `${JSON.stringify(manifest, null, 2)}\n`);
  for (const part of ["README.md", "LICENSE", ...manifest.files]) {
    if (part.startsWith("dist/") || part === "THIRD-PARTY-LICENSES") continue; // built
    await cp(join(root, part), join(stage, part), { recursive: true });
  }
  const pack = ["pack", "--silent", "--ignore-scripts", "--pack-destination", out];
  const name = run("npm", pack, stage).trim();
  const { size } = await stat(join(out, name));
  if (size > maxBytes) throw new Error(`${name} has ${size} bytes; ${maxBytes} are the limit`);
  console.log(join(out, name));
} finally {
  await rm(stage, { recursive: true, force: true });
}

/** What concerns only the repository goes. */
async function publishedManifest() {
  const text = await readFile(join(root, "package.json"), "utf8");
  const {
    private: _private,
    scripts: _scripts,
    dependencies: _dependencies,
    devDependencies: _development,
    ...published
  } = JSON.parse(text);
  return published;
}

function run(command, args, cwd) {
  const { status, stdout, error } = spawnSync(command, args, {
    cwd,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
    shell: process.platform === "win32" && command === "npm", // it is a .cmd there
  });
  if (status !== 0) throw error ?? new Error(`${command} ${args[0]} ended with ${status}`);
  return stdout;
}
