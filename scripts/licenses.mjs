// The licences of the packages that a bundle has code of. Most of them ask to be handed on with it.
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

/**
 * One text with the licence of each package that a file comes from.
 *
 * @param files what was bundled, by paths from the repository's folder
 * @throws Error for a package that brings no licence: it must not be published like that
 */
export async function thirdPartyLicenses(files) {
  const folders = files.map((file) => /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1]);
  const packages = [...new Set(folders.filter((folder) => folder !== undefined))].sort();
  const parts = await Promise.all(packages.map(licenseOf));
  return [
    "The files in dist/ hold code of the following packages, each under its own licence.\n",
    ...new Set(parts),
  ].join(`\n${"-".repeat(80)}\n\n`);
}

async function licenseOf(folder) {
  const { name, version, license } = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
  const file = (await readdir(folder)).sort().find((entry) => /^licen[cs]e(\.|$)/i.test(entry));
  if (file === undefined) throw new Error(`${name} ${version} brings no text of its licence`);
  const text = await readFile(join(folder, file), "utf8");
  return `${name} ${version} (${license})\n\n${text.replaceAll("\r\n", "\n").trim()}\n`;
}
