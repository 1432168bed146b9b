import * as z from "zod";
import { CodexError, errorCodes, type CodexErrorCode } from "../../shared/errors.ts";
import type { Limits } from "../../shared/limits.ts";
import { act, either, retry, signIn } from "../../shared/next-step.ts";
import { refreshTokenRevoked } from "./refresh-errors.ts";

/** Requests with one token and an unknown outcome before a rest. */
const attemptsBeforeRest = 2;

/** A server that asks for a longer rest has made a mistake. */
const maxRestMs = 60 * 60_000;

/** A refresh token sent once more by the same call, if the last outcome is unknown for one of these reasons. */
const resentAfter: readonly CodexErrorCode[] = ["NETWORK", "UPSTREAM"];

const claimError = z.object({
  code: z.custom<CodexErrorCode>((value) => typeof value === "string" && Object.hasOwn(errorCodes, value)),
  message: z.string(),
  why: z.string().optional(),
  retryAfterMs: z.number().optional(),
});

/** The right of one process to use a refresh token once, and what became of it. No token is part of it. */
export const claimRecord = z.object({
  /** The process that claimed the token. */
  owner: z.string(),
  /** Fingerprint of the access token in use; with another one in the file, the claim is settled. */
  accessToken: z.string().optional(),
  /** Requests before this one that may have used the token. */
  attempts: z.number().int().nonnegative(),
  /** Epoch ms of the claim, then of its outcome. Only rests are counted from it. */
  at: z.number(),
  /** Ms since the system started, when the token was claimed. */
  uptimeMs: z.number().default(0),
  /**
   * How the request ended. `granted`: the token is used, and the owner saves its successor; `refused`: it is dead;
   * `unknown`: it may be used; `unsent`: it is not. Without one, the request is not over.
   */
  outcome: z.enum(["granted", "refused", "unknown", "unsent"]).optional(),
  /** Why it failed; of `granted`, why the successor is not saved yet. */
  error: claimError.optional(),
});

export type ClaimRecord = z.infer<typeof claimRecord>;

/** The newest claim on a refresh token, numbered from 1. */
export interface Claim extends ClaimRecord {
  number: number;
  /** Whether the owner still runs. "stopped" if that can't be known, and the claim has been unchanged for too long. */
  life: "alive" | "dead" | "stopped" | "unknown";
  /** The owner's pid, if it certainly runs on this host. */
  pid: number | undefined;
}

/** Where claims are kept: files beside the auth file, or a note in a program's own store. */
export interface RefreshClaims {
  /** The newest claim on a token, by its fingerprint. */
  newest(token: string): Promise<Claim | undefined>;
  /** Claims the token; false if that number was claimed before. @throws CodexError `STORAGE` */
  create(token: string, number: number, record: Omit<ClaimRecord, "owner" | "uptimeMs">): Promise<boolean>;
  /** Whether this process's claim exists, and none after it. */
  isNewest(token: string, number: number): boolean | Promise<boolean>;
  /** Changes this process's claim. @throws CodexError `STORAGE` */
  update(token: string, number: number, change: Partial<ClaimRecord>): Promise<void>;
  /** Withdraws this process's claim; nothing was sent. Never fails. */
  remove(token: string, number: number): Promise<void>;
  /** Removes all claims that this one on `token` has made superfluous; without a token, all ended ones. Never fails. */
  sweep(token?: string, number?: number): Promise<void>;
  /**
   * Says that this process starts a refresh, so that others wait for it; undefined if one has said so just now. The
   * result takes it back.
   */
  announce(token: string, number: number): Promise<(() => Promise<void>) | undefined>;
}

/** What the newest claim means for a process that wants to refresh. */
export type Decision =
  /** @param attempts earlier requests that may have used the token */
  | { kind: "free"; attempts: number }
  /** @param slow the owner's life is unknown: it takes long until its claim counts as given up */
  | { kind: "busy"; pid: number | undefined; slow: boolean }
  | { kind: "forbidden"; error: CodexError };

/**
 * Decides whether a token may be claimed. After a request that may have used it, no other follows while the access
 * token is valid. Later, one follows at once, and more of them after rests.
 *
 * @param urgent the access token can't be used any more
 */
export function decide(
  claim: Claim | undefined,
  { accessToken, now, urgent }: { accessToken: string; now: number; urgent: boolean },
  limits: Pick<Limits, "refreshRestMs">,
): Decision {
  // With another access token in the file, the server did not rotate the refresh token.
  if (claim === undefined || (claim.accessToken ?? accessToken) !== accessToken) return { kind: "free", attempts: 0 };
  const { life, pid, outcome = "unknown", error, at } = claim;
  const running = life === "alive" || life === "unknown";
  if (running && (claim.outcome === undefined || (outcome === "granted" && error === undefined))) {
    return { kind: "busy", pid, slow: life === "unknown" };
  }
  if (outcome === "granted") return { kind: "forbidden", error: running ? notSavedYet(error) : refreshTokenRevoked() };
  if (outcome === "refused") return { kind: "forbidden", error: errorOf(claim) };
  const attempts = attemptsAfter(claim);
  const age = now - at;
  // A time ahead of the clock counts as past: the clock was set back.
  const leftOf = (spanMs: number): number => (age >= 0 && age < spanMs ? spanMs - age : 0);
  const restMs = leftOf(Math.min(error?.retryAfterMs ?? 0, maxRestMs));
  if (restMs > 0) return { kind: "forbidden", error: errorOf(claim).with({ retryAfterMs: restMs }) };
  const leftMs = leftOf(limits.refreshRestMs);
  const resting = urgent ? attempts >= attemptsBeforeRest && leftMs > 0 : attempts > 0 || leftMs > 0;
  if (!resting) return { kind: "free", attempts };
  const message = "The last refresh of the login had no clear outcome.";
  const next = [{ do: "wait", for: Math.max(leftMs, 1_000) }, retry] as const;
  return { kind: "forbidden", error: new CodexError("UPSTREAM", message, { why: error?.message, next }) };
}

/** Requests that may have used the token, up to and including this claim's. */
function attemptsAfter({ attempts, outcome }: Claim): number {
  return outcome === "unsent" ? attempts : attempts + 1;
}

/** Whether a call that waited for this claim sends the token once more, in place of failing. */
export function isResent(claim: Claim, urgent: boolean): boolean {
  if (claim.outcome === undefined) return true; // its process died
  if (claim.outcome !== "unknown" || !urgent || attemptsAfter(claim) >= attemptsBeforeRest) return false;
  // After a time-out, the caller has waited long enough.
  return resentAfter.includes(claim.error?.code ?? "UPSTREAM");
}

/** Why the claimed refresh failed. */
export function errorOf({ error }: Pick<ClaimRecord, "error">): CodexError {
  if (error === undefined) return refreshTokenRevoked();
  const { code, message, ...details } = error;
  return new CodexError(code, message, details);
}

/** An error as part of a claim; its cause stays behind, since it may hold anything. */
export function toClaimError({ code, message, details }: CodexError): ClaimRecord["error"] {
  const { why, retryAfterMs } = details;
  return { code, message, why, retryAfterMs };
}

function notSavedYet(error: ClaimRecord["error"]): CodexError {
  return new CodexError("STORAGE", "The login was refreshed, but could not be saved yet.", {
    why: error?.message,
    next: [{ do: "wait" }, retry, either(act("Make room for the login file, or correct its rights"), signIn)],
  });
}
