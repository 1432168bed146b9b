import { readdirSync } from "node:fs";
import { lstat, mkdir, open, readdir, readFile, rmdir, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { CodexError } from "../../shared/errors.ts";
import { act, retry } from "../../shared/next-step.ts";
import { errnoOf, storageError } from "./errors.ts";
import { foreignFolder } from "./folder-owner.ts";

/** A folder of small private files, each created by one process at most. It exists only while it has files. */
export class ExclusiveFiles {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** The names; none if there is no folder. */
  async names(): Promise<string[]> {
    return readdir(this.#folder).catch(() => []);
  }

  /** As `names`, at once. */
  namesNow(): string[] {
    try {
      return readdirSync(this.#folder);
    } catch {
      return [];
    }
  }

  /** "" if it can't be read. */
  async read(name: string): Promise<string> {
    return readFile(this.#path(name), "utf8").catch(() => "");
  }

  /**
   * Creates the file, and its folder; false if it exists.
   *
   * @throws CodexError `STORAGE`, also if the folder is a link or another user's
   */
  async create(name: string, text: string): Promise<boolean> {
    const path = this.#path(name);
    try {
      await mkdir(this.#folder, { recursive: true, mode: 0o700 });
      await this.#assertOwn();
      const handle = await open(path, "wx", 0o600);
      try {
        await handle.writeFile(text);
      } catch (error) {
        await this.remove(name);
        throw error;
      } finally {
        await handle.close();
      }
      return true;
    } catch (error) {
      if (errnoOf(error) === "EEXIST") return false;
      throw storageError(error, path, "create a file");
    }
  }

  /** Writes over a file from its beginning: one of the same length needs no further space. @throws CodexError `STORAGE` */
  async overwrite(name: string, text: string): Promise<void> {
    const path = this.#path(name);
    await writeFile(path, text, { flag: "r+" }).catch((error: unknown) => {
      throw storageError(error, path, "write");
    });
  }

  /** Epoch ms of the last write, by the file system's clock; undefined if it is missing. */
  async writtenAt(name: string): Promise<number | undefined> {
    return (await lstat(this.#path(name)).catch(() => undefined))?.mtimeMs;
  }

  /** Removes the file, and the folder if it was the last one. Never fails. */
  async remove(name: string): Promise<void> {
    await unlink(this.#path(name)).catch(() => undefined);
    await rmdir(this.#folder).catch(() => undefined);
  }

  async #assertOwn(): Promise<void> {
    const isFolder = (await lstat(this.#folder)).isDirectory();
    const why = foreignFolder(this.#folder) ?? (isFolder ? undefined : `${this.#folder} is a link`);
    if (why === undefined) return;
    throw new CodexError("STORAGE", `The folder ${this.#folder} cannot be used.`, {
      why: `${why}.`,
      next: [act(`Remove ${this.#folder}`), retry],
    });
  }

  #path(name: string): string {
    return join(this.#folder, name);
  }
}
