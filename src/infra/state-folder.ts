import { chmod, readFile, rename, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { foreignFolder } from "./folder-owner.ts";
import { makePrivateFolder } from "./secure-file.ts";
import type { TemporaryFiles } from "./temporary-files.ts";

/**
 * Small JSON files that spare work and may be lost at any time: caches and last-seen facts. Reading
 * and writing never fail; secrets do not belong here. Another user's folder is none of ours: its owner
 * could tell us anything, and lead our writes anywhere.
 */
export class StateFolder {
  /** Undefined when the configured folder cannot be used. */
  readonly path: string | undefined;
  readonly #temporaries: TemporaryFiles;
  readonly #writing = new Set<Promise<boolean>>();
  #swept = false;

  constructor(path: string | undefined, temporaries: TemporaryFiles) {
    this.path = path;
    this.#temporaries = temporaries;
  }

  /** The file's content as JSON, or undefined when there is none that can be read. */
  async read(name: string): Promise<unknown> {
    if (this.path === undefined || foreignFolder(this.path) !== undefined) return undefined;
    try {
      return JSON.parse(await readFile(join(this.path, name), "utf8")) as unknown;
    } catch {
      return undefined;
    }
  }

  /** Replace the file as a whole; false when that was not possible. */
  async write(name: string, content: unknown): Promise<boolean> {
    if (this.path === undefined || foreignFolder(this.path) !== undefined) return false;
    const writing = this.#replace(this.path, name, JSON.stringify(content));
    this.#writing.add(writing);
    try {
      return await writing;
    } finally {
      this.#writing.delete(writing);
    }
  }

  /** Resolves when the writes that have begun are done. */
  async flush(): Promise<void> {
    await Promise.all(this.#writing);
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
