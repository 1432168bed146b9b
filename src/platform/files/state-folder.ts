import { lstat, readdir, readFile, rename, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { foreignFolder, tryLstat } from "./folder-owner.ts";
import { makePrivateFolder } from "./secure-file.ts";
import type { TemporaryFiles } from "./temporary-files.ts";

/** Nobody's own: everybody may write there, or everybody but each other's files (sticky, such as `/tmp`). */
const sharedModes = 0o1002;

/**
 * The folder for our files: `path`, or `codex-oauth/` in it where `path` is shared or root's, and so has rights that
 * are not ours to change. Another user's folder stays as it is, and is refused by `foreignFolder`.
 */
export function ownFolderAt(path: string): string {
  const uid = process.getuid?.();
  const stat = tryLstat(`${path}/.`);
  if (uid === undefined || stat === undefined) return path;
  const shared = (stat.mode & sharedModes) !== 0 && (stat.uid === uid || stat.uid === 0);
  return shared || (stat.uid === 0 && uid !== 0) ? join(path, "codex-oauth") : path;
}

/** What earlier builds wrote here, and nobody reads any more: a name, and how its content begins. */
const oldFile = { name: "refresh.json", content: /^\{"token":"[0-9a-f]{32}","outcome":"/ };

/**
 * A folder of small files that may be lost at any time: caches and last-seen values, never secrets. Reads and writes
 * never fail. Another user's folder is not used: its owner could forge the content, and redirect writes and removals.
 * The folder may contain other programs' files, so only file names of codex-oauth are removed.
 */
export class StateFolder {
  /** Undefined if the configured folder can't be used. */
  readonly path: string | undefined;
  readonly #temporaries: TemporaryFiles;
  readonly #parent: StateFolder | undefined;
  readonly #writing = new Set<Promise<boolean>>();
  #swept = false;

  /** @param parent the folder that contains this one, if it is a `subfolder` */
  constructor(path: string | undefined, temporaries: TemporaryFiles, parent?: StateFolder) {
    this.path = path;
    this.#temporaries = temporaries;
    this.#parent = parent;
  }

  /** The file's JSON content; undefined if it is missing or invalid. */
  async read(name: string): Promise<unknown> {
    const path = this.#usable();
    if (path === undefined) return undefined;
    try {
      return JSON.parse(await readFile(join(path, name), "utf8")) as unknown;
    } catch {
      return undefined;
    }
  }

  /** Replaces the file atomically; false if that failed. */
  async write(name: string, content: unknown): Promise<boolean> {
    return (await this.writeText(name, JSON.stringify(content))) !== undefined;
  }

  /** Replaces the file with a text; returns its path, or undefined if that failed. */
  async writeText(name: string, text: string): Promise<string | undefined> {
    const path = this.#usable();
    if (path === undefined) return undefined;
    const writing = this.#replace(path, name, text);
    this.#writing.add(writing);
    try {
      return (await writing) ? join(path, name) : undefined;
    } finally {
      this.#writing.delete(writing);
    }
  }

  /**
   * Removes matching files that were last written before `since`, and all but the newest. Never fails.
   *
   * @param pattern matches the names that the caller writes, and no others
   * @param since epoch ms
   */
  async prune(pattern: RegExp, since: number, maxFiles: number): Promise<void> {
    const path = this.#usable();
    if (path === undefined) return;
    const files: { file: string; at: number }[] = [];
    const names = await readdir(path).catch(() => []);
    for (const name of names.filter((one) => pattern.test(one))) {
      const file = join(path, name);
      const stat = await lstat(file).catch(() => undefined);
      if (stat?.isFile() === true) files.push({ file, at: stat.mtimeMs });
    }
    files.sort((a, b) => b.at - a.at);
    for (const [n, { file, at }] of files.entries()) {
      if (n >= maxFiles || at < since) await unlink(file).catch(() => undefined);
    }
  }

  /** A folder inside this one. */
  subfolder(name: string): StateFolder {
    return new StateFolder(this.path && join(this.path, name), this.#temporaries, this);
  }

  /** Resolves when all pending writes have finished. */
  async flush(): Promise<void> {
    await Promise.all(this.#writing);
  }

  /** The path, if the folder may be used now; a subfolder must not be a link. */
  #usable(): string | undefined {
    const { path } = this;
    if (path === undefined || foreignFolder(path) !== undefined) return undefined;
    if (this.#parent === undefined) return path;
    return this.#parent.#usable() === undefined || tryLstat(path)?.isSymbolicLink() === true ? undefined : path;
  }

  async #replace(folder: string, name: string, text: string): Promise<boolean> {
    const path = join(folder, name);
    const temporary = this.#temporaries.beside(path);
    try {
      await makePrivateFolder(folder); // an existing one keeps its rights: it may have other uses
      await writeFile(temporary, text, { mode: 0o600, flag: "wx" });
      await rename(temporary, path);
      await this.#sweep(folder);
      return true;
    } catch {
      await unlink(temporary).catch(() => undefined);
      return false;
    }
  }

  /** Removes temporary files of killed processes, and files of earlier builds, once per process. */
  async #sweep(folder: string): Promise<void> {
    if (this.#swept) return;
    this.#swept = true;
    const abandoned = await this.#temporaries.abandoned(folder);
    const old = join(folder, oldFile.name);
    // The folder may be another program's, too.
    if (oldFile.content.test(await readFile(old, "utf8").catch(() => ""))) abandoned.push(old);
    for (const path of abandoned) await unlink(path).catch(() => undefined);
  }
}
