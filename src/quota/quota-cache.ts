import * as z from "zod";
import type { Quota } from "./quota.ts";
import type { StateFolder } from "../platform/files/state-folder.ts";
import { accountKey, type Account } from "../auth/account.ts";

const fileName = "quota.json";

/** How old the file may get while every answer repeats its content. */
const maxFileAgeMs = 60_000;

const stored = z.object({
  account: z.string(),
  seenAt: z.number(),
  plan: z.string().optional(),
  windows: z.array(z.object({ usedPercent: z.number(), windowMinutes: z.number(), resetsAt: z.number().optional() })),
});

type StoredQuota = Quota & { account: string };

/** The quota that the service last reported, on disk for every process. */
export class QuotaCache {
  readonly #folder: StateFolder;
  /** Of this process; another process may have put a newer one into the file. */
  #latest: StoredQuota | undefined;
  #written: StoredQuota | undefined;
  #writing: Promise<unknown> = Promise.resolve();
  #writeQueued = false;

  constructor(folder: StateFolder) {
    this.#folder = folder;
  }

  /**
   * Writes in the background, one write at a time: answers that end together do not collide. Skips a quota that only
   * repeats the written one.
   */
  remember(account: Account, quota: Quota): void {
    this.#latest = { account: accountKey(account), ...quota };
    if (this.#writeQueued) return; // the queued write takes this one
    if (this.#written !== undefined && repeats(this.#latest, this.#written)) return;
    this.#writeQueued = true;
    this.#writing = this.#writing.then(async () => {
      this.#writeQueued = false;
      this.#written = this.#latest;
      if (!(await this.#folder.write(fileName, this.#latest))) this.#written = undefined;
    });
  }

  /** Resolves once everything remembered so far is written, or could not be written. */
  async flush(): Promise<void> {
    await this.#writing;
  }

  /** The last quota of this account, if there is one. */
  async lastSeen(account: Account): Promise<Quota | undefined> {
    await this.#writing;
    const parsed = stored.safeParse(await this.#folder.read(fileName));
    const key = accountKey(account);
    const [newest] = [parsed.data, this.#latest]
      .filter((seen) => seen?.account === key)
      .toSorted((a, b) => (b?.seenAt ?? 0) - (a?.seenAt ?? 0));
    if (newest === undefined) return undefined;
    const { windows, seenAt, plan } = newest;
    return { seenAt, plan, windows: windows.map((window) => ({ ...window, resetsAt: window.resetsAt })) };
  }
}

function repeats(seen: StoredQuota, written: StoredQuota): boolean {
  const content = ({ account, plan, windows }: StoredQuota): string => JSON.stringify([account, plan, windows]);
  return seen.seenAt - written.seenAt < maxFileAgeMs && content(seen) === content(written);
}
