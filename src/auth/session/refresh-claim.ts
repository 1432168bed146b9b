import * as z from "zod";
import { sleep, type Clock } from "../../platform/clock.ts";
import type { BusyLock, HeldLock } from "../../platform/files/file-lock.ts";
import type { Log } from "../../platform/log.ts";
import type { Random } from "../../platform/random.ts";
import type { Document } from "./auth-file.ts";
import { noteKeys, type ProgramStore } from "./program-store.ts";
import { journalEntry, type JournalEntry } from "./refresh-journal.ts";

/**
 * A claim unchanged for so long belongs to a process that died. Longer than a request and its save can take: a live
 * holder changes its claim with every step.
 */
const staleClaimMs = 60_000;

/** Shorter than `staleClaimMs`: an unsaved login is saved before another process takes over its claim. */
export const unsavedRetryMs = 20_000;

const pollMs = 250;

/** Part of the stored value while a process refreshes. */
const claimNote = z.object({
  /** The process that has the claim. */
  by: z.string(),
  /** New after each step. */
  id: z.string(),
  /** Epoch ms of the last step, only for people who inspect the store. */
  at: z.number(),
});

interface RefreshClaimsDeps {
  store: ProgramStore;
  clock: Clock;
  random: Random;
  log: Log;
}

/**
 * The refresh lock and journal of a program's store, as notes in the stored value. A claim is written by
 * compare-and-swap, so that one process sends. A stale claim is taken over once this process itself has seen it
 * unchanged for `staleClaimMs`, by a monotonic clock.
 */
export class RefreshClaims {
  readonly #deps: RefreshClaimsDeps;
  readonly #owner: string;

  constructor(deps: RefreshClaimsDeps) {
    this.#deps = deps;
    this.#owner = deps.random.uuid();
  }

  /**
   * Claims the refresh; on timeout, resolves with a `BusyLock`. If the login changed during the wait for another
   * process, it claims nothing: the caller must check the new login first.
   *
   * @param waitMs 0: do not wait; else the time that a stale claim needs is added
   * @throws CodexError `STORAGE`; or the signal's reason.
   */
  async acquire(waitMs: number, signal?: AbortSignal): Promise<HeldLock | BusyLock> {
    const { store, clock, random } = this.#deps;
    const until = clock.elapsed() + (waitMs > 0 ? waitMs + staleClaimMs : 0);
    let seen: { id: string; since: number } | undefined;
    let awaited: string | undefined;
    for (;;) {
      const { document, tokens } = await store.load(signal);
      const claim = claimIn(document);
      const other = claim?.by === this.#owner ? undefined : claim;
      if (other === undefined) {
        if (awaited !== undefined && tokens?.accessToken !== awaited) return this.#asLock();
        if (await this.#claim(undefined)) return this.#asLock();
      } else {
        if (other.id !== seen?.id) seen = { id: other.id, since: clock.elapsed() };
        if (clock.elapsed() - seen.since >= staleClaimMs && (await this.#claim(other.id))) {
          this.#deps.log("TOKEN", "took over the claim of a process that stands still");
          return this.#asLock();
        }
      }
      awaited ??= tokens?.accessToken;
      if (clock.elapsed() >= until) return { holderPid: undefined };
      // After a lost compare-and-swap the next round follows at once.
      if (other !== undefined) await sleep(clock, pollMs * (1 + random.fraction()), signal);
    }
  }

  /** Always false: a store's processes may run on other machines. */
  isGone(): boolean {
    return false;
  }

  /** As `RefreshJournal.find`. @throws CodexError `STORAGE` */
  async find(token: string): Promise<JournalEntry | undefined> {
    const entry = entryIn((await this.#deps.store.load()).document);
    return entry?.token === token ? entry : undefined;
  }

  /**
   * As `RefreshJournal.record`, while the claim is this process's.
   *
   * @throws CodexError `STORAGE` only before a request: the outcome of one matters more than its record.
   */
  async record(entry: JournalEntry): Promise<void> {
    try {
      await this.#update((document) => ({ ...document, [noteKeys.journal]: entry }));
    } catch (error) {
      if (entry.outcome === "sent") throw error;
      this.#deps.log("TOKEN", `the refresh's outcome could not be noted: ${String(error)}`);
    }
  }

  /** @param staleId id of the claim that may be replaced */
  async #claim(staleId: string | undefined): Promise<boolean> {
    let claimed = false as boolean; // the compiler does not see the callback run
    await this.#deps.store.compareAndSwap(({ document, tokens }) => {
      const claim = claimIn(document);
      claimed = claim === undefined || claim.by === this.#owner || claim.id === staleId;
      // Without a login there is nothing to refresh, as the caller finds out.
      if (!claimed || document === undefined || tokens === undefined) return undefined;
      const entry = entryIn(document);
      // The previous holder has no request in flight any more.
      const settled = entry?.outcome === "sent" ? { ...entry, outcome: "unknown" } : entry;
      return { ...document, [noteKeys.journal]: settled, [noteKeys.claim]: this.#newClaim() };
    });
    return claimed;
  }

  #asLock(): HeldLock {
    return {
      owner: this.#owner,
      handoverId: "", // to no other process
      isOwned: async () => claimIn((await this.#deps.store.load()).document)?.by === this.#owner,
      release: async () => {
        try {
          await this.#update((document) => {
            // Its outcome could not be recorded: the others must wait until the login is saved.
            if (entryIn(document)?.outcome === "sent") return undefined;
            const { [noteKeys.claim]: _, ...rest } = document;
            return rest;
          });
        } catch (error) {
          this.#deps.log("TOKEN", `the claim could not be given back: ${String(error)}`);
        }
      },
    };
  }

  /** Changes the value while the claim is this process's, and renews the claim. */
  async #update(change: (document: Document) => Document | undefined): Promise<void> {
    await this.#deps.store.compareAndSwap(({ document }) => {
      if (document === undefined || claimIn(document)?.by !== this.#owner) return undefined;
      return change({ ...document, [noteKeys.claim]: this.#newClaim() });
    });
  }

  #newClaim(): z.infer<typeof claimNote> {
    const { clock, random } = this.#deps;
    return { by: this.#owner, id: random.uuid(), at: clock.now() };
  }
}

function claimIn(document: Document | undefined): z.infer<typeof claimNote> | undefined {
  return claimNote.safeParse(document?.[noteKeys.claim]).data;
}

function entryIn(document: Document | undefined): JournalEntry | undefined {
  return journalEntry.safeParse(document?.[noteKeys.journal]).data;
}
