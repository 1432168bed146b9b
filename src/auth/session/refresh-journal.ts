import * as z from "zod";
import type { StateFolder } from "../../platform/files/state-folder.ts";
import { CodexError } from "../../shared/errors.ts";
import { act, either, retry, signIn } from "../../shared/next-step.ts";
import type { Limits } from "../../shared/limits.ts";
import { refreshTokenRevoked, refreshingElsewhere } from "./refresh-errors.ts";

/** Attempts with one token whose outcome is unknown, before it rests (faults of the network). */
export const attemptsBeforeRest = 2;

/** A server that asks for more has made a mistake. */
const longestRestMs = 60 * 60_000;

/** What is so at the moment of a new attempt. */
export interface RetryContext {
  now: number;
  /** The access token still does its work, so there is no hurry to spend. */
  usable: boolean;
  /** The entry is of this process, which has no request on its way. */
  own: boolean;
  /** The process of the entry has ended. */
  gone: boolean;
}

/**
 * Whether what the ledger knows of a refresh token allows another attempt with it. After one that
 * may have spent the token: none while the access token works, then one at once and further ones
 * with a rest between them. Times ahead of the clock count as past: it was set back.
 *
 * @throws CodexError `AUTH_EXPIRED`, `STORAGE`, `TIMEOUT`, `RATE_LIMITED` or `UPSTREAM`: why not.
 */
export function assertMayRetry(
  known: LedgerEntry,
  { now, usable, own, gone }: RetryContext,
  limits: Pick<Limits, "refreshWaitMs" | "refreshCooldownMs">,
): void {
  const age = now - known.at;
  const isWithin = (spanMs: number): boolean => age >= 0 && age < spanMs;
  if (known.outcome === "refused") throw refreshTokenRevoked();
  if (known.outcome === "granted") throw gone ? refreshTokenRevoked() : unsavedElsewhere();
  // The lock was removed under its holder, which may be about to save the successor.
  if (known.outcome === "sent" && !own && !gone && isWithin(limits.refreshWaitMs)) {
    throw refreshingElsewhere();
  }
  const askedRestMs = Math.min(known.restMs ?? 0, longestRestMs);
  if (isWithin(askedRestMs)) {
    throw new CodexError("RATE_LIMITED", "The authorization server asks to slow down.", {
      retryAfterMs: askedRestMs - age,
    });
  }
  const resting = isWithin(limits.refreshCooldownMs);
  const tooEarly = usable ? known.attempts > 0 || resting : known.attempts >= attemptsBeforeRest && resting;
  if (!tooEarly) return;
  throw new CodexError("UPSTREAM", "The last refresh of the login had no clear outcome.", {
    next: [{ do: "wait", for: limits.refreshCooldownMs }, retry],
  });
}

function unsavedElsewhere(): CodexError {
  return new CodexError("STORAGE", "Another window has refreshed the login and could not save it yet.", {
    next: [{ do: "wait" }, retry, either(act("Look at the status in that window"), signIn)],
  });
}

const fileName = "refresh.json";

export const ledgerEntry = z.object({
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

export type LedgerEntry = z.infer<typeof ledgerEntry>;

/**
 * What is known about the refresh token in use: whether it was sent and what came of it. It is kept
 * in the state folder, so that all processes together ask once, and so that the process after a
 * killed one knows that the token may be spent. Written only while the refresh lock is held. That
 * lock alone keeps refreshes single, so a ledger that cannot be written costs a request, no login;
 * but if somebody removes the lock under its holder, the entry "sent" still holds the others back.
 */
export class RefreshJournal {
  readonly #folder: StateFolder;
  #memory: LedgerEntry | undefined;

  constructor(folder: StateFolder) {
    this.#folder = folder;
  }

  /** The entry of this token, if there is one. */
  async find(token: string): Promise<LedgerEntry | undefined> {
    const parsed = ledgerEntry.safeParse(await this.#folder.read(fileName));
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
