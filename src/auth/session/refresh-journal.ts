import * as z from "zod";
import type { StateFolder } from "../../platform/files/state-folder.ts";
import { CodexError } from "../../shared/errors.ts";
import type { Limits } from "../../shared/limits.ts";
import { act, either, retry, signIn } from "../../shared/next-step.ts";
import { refreshingElsewhere, refreshTokenRevoked } from "./refresh-errors.ts";

/** Attempts with one token and an unknown outcome before a cooldown (network errors). */
export const attemptsBeforeCooldown = 2;

/** A server that asks for a longer rest has made a mistake. */
const maxRestMs = 60 * 60_000;

/** State used to decide whether to retry. */
export interface RetryContext {
  now: number;
  /** The access token can still be used, so that a refresh isn't urgent. */
  accessTokenValid: boolean;
  /** This process wrote the entry, and has no request in flight. */
  ownEntry: boolean;
  /** The process that wrote the entry has exited. */
  ownerExited: boolean;
}

/**
 * Asserts that the journal's entry allows another attempt with its refresh token. After an attempt that may have used
 * the token, no other follows while the access token is valid. Later, one follows at once, and more of them after
 * cooldowns. Times ahead of the clock count as past: the clock was set back.
 *
 * @throws CodexError `AUTH_EXPIRED`, `STORAGE`, `TIMEOUT`, `RATE_LIMITED` or `UPSTREAM`: why not.
 */
export function assertMayRetry(
  entry: JournalEntry,
  { now, accessTokenValid, ownEntry, ownerExited }: RetryContext,
  limits: Pick<Limits, "refreshWaitMs" | "refreshCooldownMs">,
): void {
  const { outcome, attempts } = entry;
  const age = now - entry.at;
  const isWithin = (spanMs: number): boolean => age >= 0 && age < spanMs;
  if (outcome === "refused") throw refreshTokenRevoked();
  if (outcome === "granted") throw ownerExited ? refreshTokenRevoked() : unsavedElsewhere();
  // The lock was removed under its holder, which may be about to save the successor.
  if (outcome === "sent" && !ownEntry && !ownerExited && isWithin(limits.refreshWaitMs)) throw refreshingElsewhere();
  const restMs = Math.min(entry.restMs ?? 0, maxRestMs);
  if (isWithin(restMs)) {
    const retryAfterMs = restMs - age;
    throw new CodexError("RATE_LIMITED", "The authorization server asks to slow down.", { retryAfterMs });
  }
  const coolingDown = isWithin(limits.refreshCooldownMs);
  const tooEarly = accessTokenValid ? attempts > 0 || coolingDown : attempts >= attemptsBeforeCooldown && coolingDown;
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

export const journalEntry = z.object({
  /** Fingerprint of the refresh token; the token itself is never written. */
  token: z.string(),
  /**
   * Outcome of the last request: `sent` = in flight; `unknown` = the token may be used; `refused` = the token is dead;
   * `granted` = the token is used, and only the process `by` has its successor, which it could not save.
   */
  outcome: z.enum(["sent", "unknown", "refused", "granted"]),
  /** Requests that may have used this token. */
  attempts: z.number().int().nonnegative(),
  /** Epoch ms of the last one. */
  at: z.number(),
  /** The process that sent it (`HeldLock.owner`). */
  by: z.string().default(""),
  /** How long after `at` the endpoint wants no request. */
  restMs: z.number().optional(),
});

export type JournalEntry = z.infer<typeof journalEntry>;

/**
 * Journal of the refresh token in use: whether it was sent, and with what outcome. It is in the state folder, so that
 * all processes together ask once, and so that the process after a killed one knows that the token may be used.
 *
 * It is written only under the refresh lock. That lock alone keeps refreshes single, so a journal that can't be
 * written costs a request, no login. If the lock is removed under its holder, `sent` still holds the others back.
 */
export class RefreshJournal {
  readonly #folder: StateFolder;
  #memory: JournalEntry | undefined;

  constructor(folder: StateFolder) {
    this.#folder = folder;
  }

  /** The entry of this token, if there is one. */
  async find(token: string): Promise<JournalEntry | undefined> {
    const parsed = journalEntry.safeParse(await this.#folder.read(fileName));
    const stored = parsed.data?.token === token ? parsed.data : undefined;
    const own = this.#memory?.token === token ? this.#memory : undefined;
    if (stored === undefined || own === undefined) return stored ?? own;
    return stored.at >= own.at ? stored : own;
  }

  async record(entry: JournalEntry): Promise<void> {
    this.#memory = entry;
    await this.#folder.write(fileName, entry);
  }
}
