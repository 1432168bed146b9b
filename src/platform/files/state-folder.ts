import { lstatSync } from "node:fs";
import { chmod, lstat, readdir, readFile, rename, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { foreignFolder } from "./folder-owner.ts";
import { makePrivateFolder } from "./secure-file.ts";
import type { TemporaryFiles } from "./temporary-files.ts";

/**
 * Small JSON files that spare work and may be lost at any time: caches and last-seen facts. Reading and writing never
 * fail; secrets do not belong here. Another user's folder is none of ours: its owner could tell us anything, and lead
 * our writes and removals anywhere. In a folder of one's own may lie what is not ours: only names that we make are
 * removed.
 */
export class StateFolder {
  /** Undefined when the configured folder cannot be used. */
  readonly path: string | undefined;
  readonly #temporaries: TemporaryFiles;
  readonly #parent: StateFolder | undefined;
  readonly #writing = new Set<Promise<boolean>>();
  #swept = false;

  /** @param around the one that this one lies in, if it is a part of another */
  constructor(path: string | undefined, temporaries: TemporaryFiles, around?: StateFolder) {
    this.path = path;
    this.#temporaries = temporaries;
    this.#parent = around;
  }

  /** The file's content as JSON, or undefined when there is none that can be read. */
  async read(name: string): Promise<unknown> {
    const path = this.#usable();
    if (path === undefined) return undefined;
    try {
      return JSON.parse(await readFile(join(path, name), "utf8")) as unknown;
    } catch {
      return undefined;
    }
  }

  /** Replace the file as a whole; false when that was not possible. */
  async write(name: string, content: unknown): Promise<boolean> {
    return (await this.writeText(name, JSON.stringify(content))) !== undefined;
  }

  /** The same for text as it is; gives its path, or undefined when that was not possible. */
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
   * Of the files with such names, remove those that were last written before a time, and all but the newest few. Never
   * fails.
   *
   * @param ours fits the names that the caller writes, and no others
   * @param since epoch milliseconds
   */
  async prune(ours: RegExp, since: number, newest: number): Promise<void> {
    const path = this.#usable();
    if (path === undefined) return;
    const files: { file: string; at: number }[] = [];
    const names = await readdir(path).catch(() => []);
    for (const name of names.filter((one) => ours.test(one))) {
      const file = join(path, name);
      const stat = await lstat(file).catch(() => undefined);
      if (stat?.isFile() === true) files.push({ file, at: stat.mtimeMs });
    }
    files.sort((a, b) => b.at - a.at);
    for (const [n, { file, at }] of files.entries()) {
      if (n >= newest || at < since) await unlink(file).catch(() => undefined);
    }
  }

  /** A folder inside this one, with files of its own. */
  subfolder(name: string): StateFolder {
    return new StateFolder(this.path && join(this.path, name), this.#temporaries, this);
  }

  /** Resolves when the writes that have begun are done. */
  async flush(): Promise<void> {
    await Promise.all(this.#writing);
  }

  /** The path where the folder may be used now; one that lies in another is no link to elsewhere. */
  #usable(): string | undefined {
    const { path } = this;
    if (path === undefined || foreignFolder(path) !== undefined) return undefined;
    if (this.#parent === undefined) return path;
    return this.#parent.#usable() === undefined || isLink(path) ? undefined : path;
  }

  async #replace(folder: string, name: string, text: string): Promise<boolean> {
    const path = join(folder, name);
    const temporary = this.#temporaries.beside(path);
    try {
      await makePrivateFolder(folder);
      await chmod(folder, 0o700); // it may have been there before, for everybody to read
      await writeFile(temporary, text, { mode: 0o600 });
      await rename(temporary, path);
      await this.#sweep(folder);
      return true;
    } catch {
      await unlink(temporary).catch(() => undefined);
      return false;
    }
  }

  /** Once in a process's life: remove what killed ones left. */
  async #sweep(folder: string): Promise<void> {
    if (this.#swept) return;
    this.#swept = true;
    for (const left of await this.#temporaries.abandoned(folder)) {
      await unlink(left).catch(() => undefined);
    }
  }
}

function isLink(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true;
  } catch {
    return false; // what may not be looked at fails where it is used
  }
}
