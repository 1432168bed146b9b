import { chmod, readFile, rename, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { formatIdentity, type ProcessIdentity } from "./process-identity.ts";
import { makePrivateFolder } from "./secure-file.ts";

/**
 * Small JSON files that spare work and may be lost at any time: caches and last-seen facts. Reading
 * and writing never fail; secrets do not belong here.
 */
export class StateFolder {
  /** Undefined when the configured folder cannot be used. */
  readonly path: string | undefined;
  readonly #self: ProcessIdentity;
  #counter = 0;

  constructor(path: string | undefined, self: ProcessIdentity) {
    this.path = path;
    this.#self = self;
  }

  /** The file's content as JSON, or undefined when there is none that can be read. */
  async read(name: string): Promise<unknown> {
    if (this.path === undefined) return undefined;
    try {
      return JSON.parse(await readFile(join(this.path, name), "utf8")) as unknown;
    } catch {
      return undefined;
    }
  }

  /** Replace the file as a whole; false when that was not possible. */
  async write(name: string, content: unknown): Promise<boolean> {
    if (this.path === undefined) return false;
    // A name for each write: two of one process may overlap.
    const temporary = join(this.path, `${name}.${formatIdentity(this.#self)}.${this.#counter++}`);
    try {
      await makePrivateFolder(this.path);
      await chmod(this.path, 0o700); // it may have been there before, for everybody to read
      await writeFile(temporary, JSON.stringify(content), { mode: 0o600 });
      await rename(temporary, join(this.path, name));
      return true;
    } catch {
      await unlink(temporary).catch(() => undefined);
      return false;
    }
  }
}
