import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";

/** The repository's root: everything in it that is not built or installed. */
export const root = join(import.meta.dirname, "../..");

const skipped = new Set(["node_modules", "dist", "coverage", ".git", ".cache"]);

/** One file of the repository, by its path from the root. */
export interface Document {
  path: string;
  text: string;
}

export function read(path: string): string {
  return readFileSync(join(root, path), "utf8");
}

export function readJson(path: string): unknown {
  return JSON.parse(read(path));
}

export function has(path: string): boolean {
  return existsSync(join(root, path));
}

/** Every file below a folder (or the root) whose name ends so, sorted. */
export function documents(folder: string, ending: string): Document[] {
  const found: Document[] = [];
  const visit = (path: string): void => {
    for (const entry of readdirSync(path, { withFileTypes: true })) {
      const inner = join(path, entry.name);
      if (entry.isDirectory() && !skipped.has(entry.name)) visit(inner);
      if (entry.isFile() && entry.name.endsWith(ending)) {
        found.push({ path: relative(root, inner), text: readFileSync(inner, "utf8") });
      }
    }
  };
  visit(join(root, folder));
  return found.sort((a, b) => a.path.localeCompare(b.path));
}

/** The contents of the fenced blocks of one language. */
export function codeBlocks(text: string, language: string): string[] {
  const fence = new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\`$`, "gm");
  return [...text.matchAll(fence)].map((match) => match[1] ?? "");
}

/** Every match of the pattern's first group, or of the whole pattern. */
export function mentions(text: string, pattern: RegExp): string[] {
  return [...text.matchAll(pattern)].map((match) => match[1] ?? match[0]);
}

/** The links of a page that stay in the repository: as written, and the file and anchor they lead to. */
export function relativeLinks({
  path,
  text,
}: Document): { target: string; page: string; anchor: string | undefined }[] {
  return mentions(withoutCode(text), /\]\(([^)\s]+)\)/g)
    .filter((target) => !/^https?:/.test(target))
    .map((target) => {
      const [file = "", anchor] = target.split("#");
      return { target, page: file === "" ? path : join(dirname(path), file), anchor };
    });
}

function withoutCode(text: string): string {
  return text.replace(/^```[^]*?^```$/gm, "").replace(/`[^`\n]*`/g, "");
}

/** The keys before the body, as they are written, and the body. */
export function frontmatter(text: string): { keys: Record<string, string>; body: string } {
  const match = /^---\n([^]*?)\n---\n([^]*)$/.exec(text);
  if (match === null) throw new Error("no frontmatter");
  const [, head = "", body = ""] = match;
  const keys = head.split("\n").map((line) => /^([\w-]+): (.*)$/.exec(line));
  return {
    keys: Object.fromEntries(keys.map((line) => [line?.[1] ?? "?", line?.[2] ?? ""])),
    body: body.trim(),
  };
}
