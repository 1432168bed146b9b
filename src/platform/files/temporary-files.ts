import { lstat, readdir, unlink } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { Clock } from "../clock.ts";
import { formatIdentity, isStale, parseIdentity, type ProcessIdentity } from "../process-identity.ts";

const temporaryName = /^(.+)\.tmp\.([^.]+)\.\d+$/;

/**
 * Names the temporary files that replace others: `<path>.tmp.<process>.<number>`. The name identifies the writer, so
 * leftovers of killed processes can be distinguished from files that are being written.
 */
export class TemporaryFiles {
  readonly #self: ProcessIdentity;
  readonly #clock: Clock;
  #counter = 0;

  constructor(self: ProcessIdentity, clock: Clock) {
    this.#self = self;
    this.#clock = clock;
  }

  /** A unique name beside `path`, also for overlapping writes of one process. */
  beside(path: string): string {
    return `${path}.tmp.${formatIdentity(this.#self)}.${this.#counter++}`;
  }

  /** Removes the temporary files of killed processes beside `path`. Never fails. */
  async sweep(path: string): Promise<void> {
    const abandoned = await this.abandoned(dirname(path), basename(path));
    for (const temporary of abandoned) await unlink(temporary).catch(() => undefined);
  }

  /** Paths of the temporary files of killed processes in `folder`, for one file or for all. Never fails. */
  async abandoned(folder: string, name?: string): Promise<string[]> {
    const found: string[] = [];
    for (const entry of await readdir(folder).catch(() => [])) {
      const [, of = "", mark = ""] = temporaryName.exec(entry) ?? [];
      if (name !== undefined && of !== name) continue;
      const owner = parseIdentity(mark);
      const path = join(folder, entry);
      const stat = await lstat(path).catch(() => undefined);
      if (owner === undefined || stat?.isFile() !== true) continue;
      if (isStale(owner, this.#self, this.#clock.now() - stat.mtimeMs)) found.push(path);
    }
    return found;
  }
}
