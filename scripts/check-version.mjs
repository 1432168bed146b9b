// One version number in every place that has one. `--check` compares them, `--write X.Y.Z` sets them
// and turns the changelog's Unreleased section into that version's; both work on the current folder.
import { readFile, writeFile } from "node:fs/promises";

const pattern = /^\d+\.\d+\.\d+$/;

/** Each place: how the version is found, with the text around it kept. */
const places = [
  { file: "package.json", find: /(^\{\s*"name": "[^"]*",\s*"version": ")([^"]*)(")/ },
  { file: "package-lock.json", find: /(^\{\s*"name": "[^"]*",\s*"version": ")([^"]*)(")/ },
  { file: "package-lock.json", find: /("": \{\s*"name": "[^"]*",\s*"version": ")([^"]*)(")/ },
  { file: "src/shared/version.ts", find: /(version = ")([^"]*)(")/ },
  { file: ".claude-plugin/plugin.json", find: /("version": ")([^"]*)(")/ },
  { file: ".claude-plugin/marketplace.json", find: /("version": ")([^"]*)(")/ },
];
const changelog = "CHANGELOG.md";
const newestHeading = /^## \[(\d[^\]]*)\]/m;

const [mode, wanted] = process.argv.slice(2);
if (mode === "--write" && pattern.test(wanted ?? "")) await write(wanted);
else if (mode === "--check" && wanted === undefined) await check();
else {
  console.error("usage: node scripts/check-version.mjs --check | --write X.Y.Z");
  process.exitCode = 2;
}

async function check() {
  const found = [];
  for (const { file, find } of places) {
    found.push({ file, version: find.exec(await readFile(file, "utf8"))?.[2] });
  }
  const newest = newestHeading.exec(await readFile(changelog, "utf8"))?.[1];
  found.push({ file: changelog, version: newest });
  const [{ version: expected }] = found;
  if (!pattern.test(expected ?? "")) fail(`package.json has no version of the form X.Y.Z`);
  for (const { file, version } of found) {
    if (version !== expected) fail(`${file} says ${version ?? "nothing"}, not ${expected}`);
  }
}

async function write(version) {
  const log = await readFile(changelog, "utf8");
  if (newestHeading.exec(log)?.[1] !== version) {
    const unreleased = "## [Unreleased]\n";
    if (!log.includes(unreleased)) return fail(`${changelog} has no Unreleased section`);
    const day = new Date().toISOString().slice(0, 10);
    const heading = `${unreleased}\n## [${version}] - ${day}\n`;
    await writeFile(changelog, log.replace(unreleased, heading));
  }
  for (const { file, find } of places) {
    const text = await readFile(file, "utf8");
    if (!find.test(text)) return fail(`${file} has no version`);
    await writeFile(file, text.replace(find, `$1${version}$3`));
  }
}

function fail(message) {
  console.error(message);
  process.exitCode = 1;
}
