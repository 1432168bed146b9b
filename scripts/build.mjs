// Bundles each program into one file. `npm ci` runs this by way of `prepare`; the launcher in bin/ with
// `--server FILE`, which builds the server alone, to where it says; scripts/pack.mjs with `--package FOLDER`,
// which builds all that is published, with its types and the licences of what is in it.
import { realpathSync } from "node:fs";
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { dirname, isAbsolute, join, relative, resolve } from "node:path";
import { build } from "esbuild";

/** What a person runs, `npm run try`, and what programs import. */
const shipped = {
  "dist/main.cjs": "src/main.ts",
  "dist/try.cjs": "scripts/try.ts",
  "dist/index.cjs": "src/index.ts",
};
/** What only tests and benchmarks run; bundled in the same way. */
const testing = {
  "dist/test/server.cjs": "test/support/server-entry.ts",
  "dist/test/bench.cjs": "bench/bench.ts",
  "dist/test/bare-server.cjs": "bench/bare-server.ts",
  "dist/test/images.cjs": "scripts/images/main.ts",
  "dist/test/capture.cjs": "scripts/capture/main.ts",
};
/** The benchmark's yardstick takes its packages as they come. */
const plain = ["dist/test/bare-server.cjs"];

const server = valueOf("--server");
const folder = valueOf("--package");
const wanted =
  server !== undefined
    ? { [server]: shipped["dist/main.cjs"] }
    : folder !== undefined
      ? packed(folder)
      : { ...shipped, ...(process.argv.includes("--testing") ? testing : {}) };

function valueOf(option) {
  const at = process.argv.indexOf(option);
  return at < 0 ? undefined : process.argv[at + 1];
}

function packed(into) {
  const names = ["dist/main.cjs", "dist/index.cjs"];
  return Object.fromEntries(names.map((name) => [join(into, name), shipped[name]]));
}

/** Stand-ins for modules of which nearly everything would be dead weight at every start. */
const lean = {
  name: "lean",
  setup({ onResolve }) {
    const use = (filter, file) => {
      onResolve({ filter }, () => ({ path: join(import.meta.dirname, "lean", file) }));
    };
    use(/^undici$/, "undici.mjs");
    use(/\/validation\/ajv-provider\.js$/, "json-schema.mjs");
  },
};

// The program must not become writable by others where the umask lets it.
process.umask(process.umask() | 0o022);

/** Bundlers look for packages in the folders above as well, which may be anybody's. */
function assertOwn(inputs) {
  const own = [process.cwd(), resolve("node_modules")].map((path) => realpathSync(path));
  const foreign = inputs.map((name) => resolve(name)).find((file) => own.every((path) => isOutside(path, file)));
  if (foreign !== undefined) throw new Error(`${foreign} is not one of the program's own packages: run npm ci`);
}

function isOutside(folder, file) {
  const path = relative(folder, file);
  return path.startsWith("..") || isAbsolute(path);
}

// Both ends of `exports` are one module, so that an error of the one is an error of the other.
const index = Object.keys(wanted).find((name) => name.endsWith("index.cjs"));
if (index !== undefined) {
  await mkdir(dirname(index), { recursive: true });
  await writeFile(join(dirname(index), "index.js"), 'export * from "./index.cjs";\n');
}
// They take longer than all the rest: an install builds them once (`prepare`), a build during work doesn't.
const types =
  folder !== undefined || process.argv.includes("--types")
    ? import("./types.mjs").then(({ writeTypes }) => writeTypes(join(folder ?? ".", "dist")))
    : Promise.resolve();
types.catch(() => undefined); // told below
const inputs = await Promise.all(
  Object.entries(wanted).map(async ([outfile, entry]) => {
    // Written aside and renamed: another window may be starting the old one at this moment.
    const fresh = `${outfile}.${process.pid}`;
    try {
      const { metafile } = await build({
        entryPoints: [entry],
        outfile: fresh,
        bundle: true,
        platform: "node",
        format: "cjs",
        target: "node20.18",
        // Each `import()` becomes a `require`: V8's compiled code, which the launcher runs, has none, and it
        // would load the loader of ES modules first.
        supported: { "dynamic-import": false },
        minifySyntax: true,
        minifyWhitespace: true,
        legalComments: "none",
        plugins: plain.includes(outfile) ? [] : [lean],
        metafile: true,
        logLevel: "warning",
        // `open` looks for a script beside itself by import.meta.url; a bundle has none, and
        // `open` then takes the system's xdg-open, which is what we want.
        logOverride: { "empty-import-meta": "silent" },
      });
      assertOwn(Object.keys(metafile.inputs));
      await rename(fresh, outfile);
      return Object.keys(metafile.inputs);
    } finally {
      await rm(fresh, { force: true });
    }
  }),
);
await types;
if (folder !== undefined) {
  const { thirdPartyLicenses } = await import("./licenses.mjs");
  await writeFile(join(folder, "THIRD-PARTY-LICENSES"), await thirdPartyLicenses(inputs.flat()));
}
