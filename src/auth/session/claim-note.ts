import * as z from "zod";
import type { Clock } from "../../platform/clock.ts";
import type { Random } from "../../platform/random.ts";
import type { Limits } from "../../shared/limits.ts";

import type { Document } from "./auth-file.ts";
import { claimNoteKey, type ProgramStore } from "./program-store.ts";
import { claimRecord, type Claim, type ClaimRecord, type RefreshClaims } from "./refresh-claim.ts";

/** The only claim in a program's store: the newest one on the stored login's refresh token. */
const claimNote = claimRecord.extend({
  /** Fingerprint of the refresh token. */
  token: z.string(),
  number: z.number().int().positive(),
});

type ClaimNoteRecord = z.infer<typeof claimNote>;

interface ClaimNoteDeps {
  store: ProgramStore;
  clock: Clock;
  random: Random;
  limits: Pick<Limits, "unknownOwnerMs">;
}

/**
 * The claim in a program's own store, as a note in the stored value. It is created by compare-and-swap. Whether another
 * process runs is never known, since it may be on another machine, so its claim ends once this process has seen it
 * unchanged for a minute.
 */
export class ClaimNote implements RefreshClaims {
  readonly #deps: ClaimNoteDeps;
  readonly #owner: string;
  #seen: { text: string; since: number } | undefined;

  constructor(deps: ClaimNoteDeps) {
    this.#deps = deps;
    this.#owner = deps.random.uuid();
  }

  async newest(token: string): Promise<Claim | undefined> {
    const note = noteIn((await this.#deps.store.load()).document);
    return note?.token === token ? { ...note, life: this.#life(note), pid: undefined } : undefined;
  }

  async create(token: string, number: number, record: Omit<ClaimRecord, "owner" | "uptimeMs">): Promise<boolean> {
    const claim: ClaimNoteRecord = { ...record, token, number, owner: this.#owner, uptimeMs: 0 };
    return this.#swap((note, document) => {
      const taken = note?.token === token && note.number >= number;
      return taken ? undefined : { ...document, [claimNoteKey]: claim };
    });
  }

  async isNewest(token: string, number: number): Promise<boolean> {
    return this.#isOwn(noteIn((await this.#deps.store.load()).document), token, number);
  }

  async update(token: string, number: number, change: Partial<ClaimRecord>): Promise<void> {
    await this.#swap((note, document) =>
      this.#isOwn(note, token, number) ? { ...document, [claimNoteKey]: { ...note, ...change } } : undefined,
    );
  }

  async remove(token: string, number: number): Promise<void> {
    await this.#swap((note, document) => {
      const { [claimNoteKey]: _, ...rest } = document;
      return this.#isOwn(note, token, number) ? rest : undefined;
    }).catch(() => undefined);
  }

  /** The store removes a note with the login that it concerns. */
  async sweep(): Promise<void> {
    await Promise.resolve();
  }

  /** A refresh runs in this process, so there is nothing to announce. */
  announce(): Promise<() => Promise<void>> {
    return Promise.resolve(() => Promise.resolve());
  }

  /** Changes the value; false if `change` gave nothing. */
  async #swap(
    change: (note: ClaimNoteRecord | undefined, document: Document) => Document | undefined,
  ): Promise<boolean> {
    let swapped = false as boolean; // the compiler does not see the callback run
    await this.#deps.store.compareAndSwap(({ document, tokens }) => {
      // Without a login there is nothing to refresh.
      const next = document === undefined || tokens === undefined ? undefined : change(noteIn(document), document);
      swapped = next !== undefined;
      return next;
    });
    return swapped;
  }

  #isOwn(note: ClaimNoteRecord | undefined, token: string, number: number): boolean {
    return note?.token === token && note.number === number && note.owner === this.#owner;
  }

  #life(note: ClaimNoteRecord): Claim["life"] {
    if (note.owner === this.#owner) return "alive";
    const { clock, limits } = this.#deps;
    const text = JSON.stringify(note);
    if (this.#seen?.text !== text) this.#seen = { text, since: clock.elapsed() };
    return clock.elapsed() - this.#seen.since > limits.unknownOwnerMs ? "stopped" : "unknown";
  }
}

function noteIn(document: Document | undefined): ClaimNoteRecord | undefined {
  return claimNote.safeParse(document?.[claimNoteKey]).data;
}
