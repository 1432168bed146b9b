// The types of what programs import, in one file for each kind of module. Only where the packages for
// development are installed: an installed copy is built without them.
import { execFile } from "node:child_process";
import { copyFile, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { promisify } from "node:util";

/** False where nothing was written: there is no bundler of types, or nothing has changed. */
export async function writeTypes(folder = "dist") {
  const target = join(folder, "index.d.ts");
  const bundler = findBundler();
  if (bundler === undefined || (await isFresh(target))) return false;
  const fresh = join(folder, `index.${process.pid}.d.ts`);
  const args = ["--no-check", "--silent", "--project", "tsconfig.json", "-o", fresh, "src/index.ts"];
  try {
    await promisify(execFile)(process.execPath, [bundler, ...args]);
    // The package has no dependencies, so its types may name none. The bundler leaves `z.` where it
    // loses the import.
    const text = await readFile(fresh, "utf8");
    const [foreign] = /^import .* from ['"](?!node:).*|^.*\bz\.\w.*/m.exec(text) ?? [];
    if (foreign !== undefined) throw new Error(`the types name another package: ${foreign}`);
    await copyFile(fresh, join(folder, "index.d.cts"));
    await rename(fresh, target);
  } finally {
    await rm(fresh, { force: true });
  }
  return true;
}

function findBundler() {
  try {
    return createRequire(import.meta.url).resolve("dts-bundle-generator/dist/bin/dts-bundle-generator.js");
  } catch {
    return undefined;
  }
}

/** Newer than every source: bundling types takes longer than everything else together. */
async function isFresh(target) {
  try {
    const written = (await stat(target)).mtimeMs;
    const names = await readdir("src", { recursive: true });
    const times = await Promise.all(names.map((name) => stat(join("src", name))));
    return times.every(({ mtimeMs }) => mtimeMs < written);
  } catch {
    return false;
  }
}
