import * as z from "zod";
import { sleep, type Clock } from "../../platform/clock.ts";
import type { BusyLock, HeldLock } from "../../platform/files/file-lock.ts";
import type { Log } from "../../platform/log.ts";
import type { Random } from "../../platform/random.ts";
import { notes, type ProgramStore } from "./program-store.ts";
import type { Document } from "./read-auth-file.ts";
import { ledgerEntry, type LedgerEntry } from "./refresh-journal.ts";

/**
 * A claim that stays the same for so long is of a process that died. Longer than a request and its
 * save can take: every step of a holder that lives changes its claim.
 */
export const deadClaimMs = 60_000;

/** Short beside that: a login that is only in memory comes before anybody takes its claim over. */
export const unsavedRetryMs = 20_000;

const pollMs = 250;

/** Stands in the stored value while a process refreshes. */
const claimNote = z.object({
  /** Whose. */
  by: z.string(),
  /** Another one after each step. */
  id: z.string(),
  /** Epoch ms of the last step, for who looks into the store; nobody decides by it. */
  at: z.number(),
});

export interface RefreshClaimsDeps {
  store: ProgramStore;
  clock: Clock;
  random: Random;
  log: Log;
}

/**
 * The refresh lock and ledger of a program's store, both as notes in the stored value. A claim is put
 * there by compare-and-swap, so that one process sends; a dead one's is taken over once this process
 * itself has seen it stand still for `deadClaimMs`, by a clock that never goes back.
 */
export class RefreshClaims {
  readonly #deps: RefreshClaimsDeps;
  readonly #me: string;

  constructor(deps: RefreshClaimsDeps) {
    this.#deps = deps;
    this.#me = deps.random.uuid();
  }

  /**
   * Claim the refresh. Whoever waited for another process and finds another login gets no claim: that
   * login is to be looked at first.
   *
   * @param waitMs 0: do not wait; else it is longer by the time that a dead claim needs
   * @throws CodexError `STORAGE`; or the signal's reason.
   */
  async acquire(waitMs: number, signal?: AbortSignal): Promise<HeldLock | BusyLock> {
    const { store, clock, random } = this.#deps;
    const until = clock.elapsed() + (waitMs > 0 ? waitMs + deadClaimMs : 0);
    let seen: { id: string; since: number } | undefined;
    let awaited: string | undefined;
    for (;;) {
      const { document, tokens } = await store.look(signal);
      const claim = claimIn(document);
      const other = claim !== undefined && claim.by !== this.#me ? claim : undefined;
      if (other === undefined) {
        if (awaited !== undefined && tokens?.accessToken !== awaited) return this.#held();
        if (await this.#claim(undefined)) return this.#held();
      } else {
        if (other.id !== seen?.id) seen = { id: other.id, since: clock.elapsed() };
        if (clock.elapsed() - seen.since >= deadClaimMs && (await this.#claim(other.id))) {
          this.#deps.log("TOKEN", "took over the claim of a process that stands still");
          return this.#held();
        }
      }
      awaited ??= tokens?.accessToken;
      if (clock.elapsed() >= until) return { holderPid: undefined };
      // One that lost the comparison to a refresh looks again at once.
      if (other !== undefined) await sleep(clock, pollMs * (1 + random.fraction()), signal);
    }
  }

  /** No process of a store can be looked at. */
  isGone(): boolean {
    return false;
  }

  /** As `RefreshLedger.find`. @throws CodexError `STORAGE` */
  async find(token: string): Promise<LedgerEntry | undefined> {
    const entry = entryIn((await this.#deps.store.look()).document);
    return entry?.token === token ? entry : undefined;
  }

  /**
   * As `RefreshLedger.record`, while the claim is this process's.
   *
   * @throws CodexError `STORAGE` before a request only: the outcome of one counts more.
   */
  async record(next: LedgerEntry): Promise<void> {
    try {
      await this.#note((document) => ({ ...document, [notes.ledger]: next }));
    } catch (error) {
      if (next.outcome === "sent") throw error;
      this.#deps.log("TOKEN", `the refresh's outcome could not be noted: ${String(error)}`);
    }
  }

  /** @param dead the claim that may be replaced */
  async #claim(dead: string | undefined): Promise<boolean> {
    let claimed = false as boolean; // the compiler does not see the callback run
    await this.#deps.store.change(({ document, tokens }) => {
      const claim = claimIn(document);
      // Without a login there is nothing to refresh, which the caller finds out.
      claimed = claim === undefined || claim.by === this.#me || claim.id === dead;
      if (!claimed || document === undefined || tokens === undefined) return undefined;
      const entry = entryIn(document);
      // Whoever had the claim has no request on its way any more.
      const settled = entry?.outcome === "sent" ? { ...entry, outcome: "unknown" } : entry;
      return { ...document, [notes.ledger]: settled, [notes.claim]: this.#newClaim() };
    });
    return claimed;
  }

  #held(): HeldLock {
    return {
      owner: this.#me,
      handoverId: "", // to no other process
      isOwned: async () => claimIn((await this.#deps.store.look()).document)?.by === this.#me,
      release: async () => {
        try {
          await this.#note((document) => {
            // Its outcome could not be noted: the others keep waiting until the login is saved.
            if (entryIn(document)?.outcome === "sent") return undefined;
            const { [notes.claim]: _, ...rest } = document;
            return rest;
          });
        } catch (error) {
          this.#deps.log("TOKEN", `the claim could not be given back: ${String(error)}`);
        }
      },
    };
  }

  /** Change the value as long as the claim is this process's, which renews it. */
  async #note(change: (document: Document) => Document | undefined): Promise<void> {
    await this.#deps.store.change(({ document }) => {
      if (document === undefined || claimIn(document)?.by !== this.#me) return undefined;
      return change({ ...document, [notes.claim]: this.#newClaim() });
    });
  }

  #newClaim(): z.infer<typeof claimNote> {
    const { clock, random } = this.#deps;
    return { by: this.#me, id: random.uuid(), at: clock.now() };
  }
}

function claimIn(document: Document | undefined): z.infer<typeof claimNote> | undefined {
  return claimNote.safeParse(document?.[notes.claim]).data;
}

function entryIn(document: Document | undefined): LedgerEntry | undefined {
  return ledgerEntry.safeParse(document?.[notes.ledger]).data;
}
