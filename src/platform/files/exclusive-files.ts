import { readdirSync } from "node:fs";
import { lstat, mkdir, open, readdir, readFile, rmdir, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { CodexError } from "../../shared/errors.ts";
import { act, retry } from "../../shared/next-step.ts";
import { errnoOf, storageError } from "./errors.ts";
import { foreignFolder } from "./folder-owner.ts";

/** The folder comes and goes with its files. */
const createAttempts = 50;

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
    for (let attempt = 1; ; attempt++) {
      try {
        await this.#makeFolder();
        return await this.#createFile(name, text);
      } catch (error) {
        // Another process has just removed the empty folder.
        if (errnoOf(error) !== "ENOENT" || attempt === createAttempts) {
          throw storageError(error, path, "create a file");
        }
      }
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

  async #makeFolder(): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 }).catch((error: unknown) => {
      if (errnoOf(error) !== "EEXIST") throw error;
    });
    const stat = await lstat(this.#folder);
    const what = stat.isSymbolicLink() ? "a link" : "not a folder";
    const why = foreignFolder(this.#folder) ?? (stat.isDirectory() ? undefined : `${this.#folder} is ${what}`);
    if (why === undefined) return;
    throw new CodexError("STORAGE", `The folder ${this.#folder} cannot be used.`, {
      why: `${why}.`,
      next: [act(`Remove ${this.#folder}`), retry],
    });
  }

  async #createFile(name: string, text: string): Promise<boolean> {
    const handle = await open(this.#path(name), "wx", 0o600).catch((error: unknown) => {
      if (errnoOf(error) === "EEXIST") return undefined;
      throw error;
    });
    if (handle === undefined) return false;
    try {
      await handle.writeFile(text);
      return true;
    } catch (error) {
      await this.remove(name);
      throw error;
    } finally {
      await handle.close();
    }
  }

  #path(name: string): string {
    return join(this.#folder, name);
  }
}
