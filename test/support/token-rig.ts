import { createSession, type Session, type StartRefresh } from "../../src/app/session.ts";
import { systemClock, type Clock } from "../../src/platform/clock.ts";
import type { ProcessIdentity } from "../../src/platform/process-identity.ts";
import type { Limits } from "../../src/shared/limits.ts";
import type { Simulator } from "../simulator/index.ts";
import { testPlatform } from "./app.ts";
import type { Home } from "./home.ts";

export interface TokenRigOptions {
  simulator: Pick<Simulator, "issuer" | "baseUrl">;
  home: Home;
  clock?: Clock;
  limits?: Partial<Limits>;
  /** Starts the refresh process; without it, refreshes run in this process. */
  start?: StartRefresh;
}

/** The login's parts in one process; several rigs share a home like several windows. */
export interface TokenRig extends Pick<Session, "tokens" | "store" | "claims" | "refresher"> {
  self: ProcessIdentity;
  /** `getTokens` with a signal that never aborts. */
  get: () => ReturnType<Session["tokens"]["getTokens"]>;
}

/** A signal that never aborts. */
export function uncancelled(): AbortSignal {
  return new AbortController().signal;
}

export function tokenRig({ start, ...options }: TokenRigOptions): TokenRig {
  const platform = testPlatform({ ...options, takeLog: () => undefined });
  const session = createSession(platform, start);
  const get: TokenRig["get"] = () => session.tokens.getTokens(uncancelled());
  return { ...session, self: platform.self, get };
}

export function storeLockOf(home: Home): string {
  return `${home.authFile}.lock`;
}

/** The system's timers, but a fixed date until a test sets another. */
export function frozenClock(start = Date.now()): Clock & { set: (now: number) => void } {
  let now = start;
  return {
    ...systemClock,
    now: () => now,
    set: (next) => {
      now = next;
    },
  };
}
