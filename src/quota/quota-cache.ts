import * as z from "zod";
import type { Quota } from "./quota.ts";
import type { StateFolder } from "../platform/files/state-folder.ts";
import { accountKey, type Account } from "../auth/account.ts";

const fileName = "quota.json";

/** How old the file's word may get while every answer repeats it. */
const repeatMs = 60_000;

const stored = z.object({
  account: z.string(),
  seenAt: z.number(),
  plan: z.string().optional(),
  windows: z.array(
    z.object({
      usedPercent: z.number(),
      windowMinutes: z.number(),
      resetsAt: z.number().optional(),
    }),
  ),
});

type StoredQuota = Quota & { account: string };

/** The quota that the service last told, kept for the next window that asks. */
export class QuotaCache {
  readonly #folder: StateFolder;
  /** What this process saw last; the file may know better from another one. */
  #latest: StoredQuota | undefined;
  #written: StoredQuota | undefined;
  #writing: Promise<unknown> = Promise.resolve();
  #writeQueued = false;

  constructor(folder: StateFolder) {
    this.#folder = folder;
  }

  /**
   * Written in the background, one write at a time: answers that end together do not collide. What
   * only repeats the last word is not written with every answer.
   */
  remember(whose: Account, quota: Quota): void {
    this.#latest = { account: accountKey(whose), ...quota };
    if (this.#writeQueued) return; // the write that waits its turn takes this one
    if (this.#written !== undefined && repeats(this.#latest, this.#written)) return;
    this.#writeQueued = true;
    this.#writing = this.#writing.then(async () => {
      this.#writeQueued = false;
      this.#written = this.#latest;
      if (!(await this.#folder.write(fileName, this.#latest))) this.#written = undefined;
    });
  }

  /** Resolves when everything remembered so far is in the file, or could not be written. */
  async flush(): Promise<void> {
    await this.#writing;
  }

  /** What was last seen for this account, if anything. */
  async lastSeen(whose: Account): Promise<Quota | undefined> {
    await this.#writing;
    const parsed = stored.safeParse(await this.#folder.read(fileName));
    const account = accountKey(whose);
    const [newest] = [parsed.data, this.#latest]
      .filter((seen) => seen?.account === account)
      .toSorted((a, b) => (b?.seenAt ?? 0) - (a?.seenAt ?? 0));
    if (newest === undefined) return undefined;
    const { windows, seenAt, plan } = newest;
    return {
      seenAt,
      plan,
      windows: windows.map((window) => ({ ...window, resetsAt: window.resetsAt })),
    };
  }
}

function repeats(seen: StoredQuota, written: StoredQuota): boolean {
  const fact = ({ account, plan, windows }: StoredQuota): string => JSON.stringify([account, plan, windows]);
  return seen.seenAt - written.seenAt < repeatMs && fact(seen) === fact(written);
}
