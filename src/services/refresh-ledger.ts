import * as z from "zod";
import type { StateFolder } from "../infra/state-folder.ts";

const fileName = "refresh.json";

const entry = z.object({
  /** Fingerprint of the refresh token; the token itself is never written here. */
  token: z.string(),
  /**
   * What became of it: "sent" has a request on its way, "unknown" may be spent or not, "refused" is
   * dead, and "granted" is spent for tokens that only the process `by` has, since it could not save
   * them.
   */
  outcome: z.enum(["sent", "unknown", "refused", "granted"]),
  /** Requests with this token that may have spent it. */
  attempts: z.number().int().nonnegative(),
  /** Epoch ms of the last one. */
  at: z.number(),
  /** Whose last one it was (`HeldLock.owner`). */
  by: z.string().default(""),
  /** How long from then the endpoint wants to be left alone. */
  restMs: z.number().optional(),
});

export type LedgerEntry = z.infer<typeof entry>;

/**
 * What is known about the refresh token in use: whether it was sent and what came of it. It is kept
 * in the state folder, so that all processes together ask once, and so that the process after a
 * killed one knows that the token may be spent. Written only while the refresh lock is held. That
 * lock alone keeps refreshes single, so a ledger that cannot be written costs a request, no login;
 * but if somebody removes the lock under its holder, the entry "sent" still holds the others back.
 */
export class RefreshLedger {
  readonly #folder: StateFolder;
  #memory: LedgerEntry | undefined;

  constructor(folder: StateFolder) {
    this.#folder = folder;
  }

  /** The entry of this token, if there is one. */
  async find(token: string): Promise<LedgerEntry | undefined> {
    const parsed = entry.safeParse(await this.#folder.read(fileName));
    const stored = parsed.success && parsed.data.token === token ? parsed.data : undefined;
    const own = this.#memory?.token === token ? this.#memory : undefined;
    if (stored === undefined || own === undefined) return stored ?? own;
    return stored.at >= own.at ? stored : own;
  }

  async record(next: LedgerEntry): Promise<void> {
    this.#memory = next;
    await this.#folder.write(fileName, next);
  }
}
