import { lstat, readdir, unlink } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { Clock } from "../clock.ts";
import { formatIdentity, isStale, parseIdentity, type ProcessIdentity } from "../process-identity.ts";

const temporaryName = /^(.+)\.tmp\.([^.]+)\.\d+$/;

/**
 * Where new content is prepared before it replaces a file: `<path>.tmp.<process>.<number>`. The name says whose it is,
 * so that what a killed process left can be told from what a live one is writing.
 */
export class TemporaryFiles {
  readonly #self: ProcessIdentity;
  readonly #clock: Clock;
  #counter = 0;

  constructor(self: ProcessIdentity, clock: Clock) {
    this.#self = self;
    this.#clock = clock;
  }

  /** A name beside `path` that nobody else uses; two writes of one process may overlap. */
  beside(path: string): string {
    return `${path}.tmp.${formatIdentity(this.#self)}.${this.#counter++}`;
  }

  /** Remove what killed processes left beside `path`. Never fails. */
  async sweep(path: string): Promise<void> {
    for (const left of await this.abandoned(dirname(path), basename(path))) {
      await unlink(left).catch(() => undefined);
    }
  }

  /** The paths in `folder` that killed processes left; of one file, or of all. Never fails. */
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
