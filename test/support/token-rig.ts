import { onTestFinished } from "vitest";
import { defaultLimits, type Limits } from "../../src/shared/limits.ts";
import { systemClock, type Clock } from "../../src/platform/clock.ts";
import { silentLog } from "../../src/platform/log.ts";
import { FileLock } from "../../src/platform/files/file-lock.ts";
import { Http } from "../../src/http/http.ts";
import { identifySelf, type ProcessIdentity } from "../../src/platform/process-identity.ts";
import { systemRandom } from "../../src/platform/random.ts";
import { Redactor } from "../../src/shared/redactor.ts";
import { StateFolder } from "../../src/platform/files/state-folder.ts";
import { TemporaryFiles } from "../../src/platform/files/temporary-files.ts";
import { DetachedSpending } from "../../src/auth/session/refresh-in-child.ts";
import { RefreshAttempts } from "../../src/auth/session/refresh-in-process.ts";
import { RefreshLedger } from "../../src/auth/session/refresh-ledger.ts";
import { RefreshSaver } from "../../src/auth/session/save-refresh.ts";
import { Refresher } from "../../src/auth/session/refresh.ts";
import { TokenEndpoint } from "../../src/auth/oauth/token-endpoint.ts";
import { TokenManager } from "../../src/auth/session/token-manager.ts";
import { TokenStore } from "../../src/auth/session/token-store.ts";
import { UnsavedLogin } from "../../src/auth/session/unsaved-login.ts";
import type { Simulator } from "../simulator/index.ts";
import type { Home } from "./home.ts";

export interface TokenRigOptions {
  simulator: Pick<Simulator, "issuer" | "baseUrl">;
  home: Home;
  clock?: Clock;
  limits?: Partial<Limits>;
  /** What starts the process of a refresh; without it, refreshes run in this process. */
  start?: Start;
}

export type Start = ConstructorParameters<typeof DetachedSpending>[0]["start"];

/** All that keeps a login, as one process has it; several share a home like several windows. */
export interface TokenRig {
  tokens: TokenManager;
  refresher: Refresher;
  store: TokenStore;
  storeLock: FileLock;
  self: ProcessIdentity;
  /** `getTokens` without anybody who cancels. */
  get: () => ReturnType<TokenManager["getTokens"]>;
}

/** The signal of a call that nobody cancels. */
export function uncancelled(): AbortSignal {
  return new AbortController().signal;
}

export function tokenRig(options: TokenRigOptions): TokenRig {
  const { simulator, home, clock = systemClock, start } = options;
  const limits = { ...defaultLimits, ...options.limits };
  const self = identifySelf(process.pid, systemRandom);
  const proxy = { httpProxy: undefined, httpsProxy: undefined, noProxy: undefined };
  const http = new Http({ clock, log: silentLog, proxy });
  onTestFinished(() => http.close());
  const redactor = new Redactor();
  const origins = { issuer: simulator.issuer, apiOrigin: new URL(simulator.baseUrl).origin };
  const endpoint = new TokenEndpoint({
    issuer: simulator.issuer,
    http,
    limits,
    redactor,
    userAgent: "codex-oauth/0.0.0 (test)",
    now: () => clock.now(),
  });
  const lockDeps = { clock, random: systemRandom, self };
  const storeLock = new FileLock(storeLockOf(home), lockDeps);
  const refreshLock = new FileLock(refreshLockOf(home), lockDeps);
  const temporaries = new TemporaryFiles(self, clock);
  const store = new TokenStore({
    path: home.authFile,
    lock: storeLock,
    lockWaitMs: limits.fileLockWaitMs,
    temporaries,
    clock,
    log: silentLog,
  });
  const ledger = new RefreshLedger(new StateFolder(home.stateDir, temporaries));
  const shared = { origins, store, clock, limits, log: silentLog };
  const unsaved = new UnsavedLogin(shared);
  const saver = new RefreshSaver({ ...shared, endpoint, unsaved });
  const refreshing = { ...shared, ledger, endpoint, lock: refreshLock, unsaved, saver };
  const here = new RefreshAttempts(refreshing);
  const spending = start ? new DetachedSpending({ ...refreshing, here, start }) : here;
  const refresher = new Refresher({ ...refreshing, spending });
  const tokens = new TokenManager({ ...refreshing, refresher, redactor });
  const get = (): ReturnType<TokenManager["getTokens"]> => tokens.getTokens(uncancelled());
  return { tokens, refresher, store, storeLock, self, get };
}

export function storeLockOf(home: Home): string {
  return `${home.authFile}.lock`;
}

export function refreshLockOf(home: Home): string {
  return `${home.authFile}.refresh.lock`;
}

/** The system's timers, but the date stands still until a test moves it. */
export function standingClock(start = Date.now()): Clock & { set: (now: number) => void } {
  let now = start;
  return {
    ...systemClock,
    now: () => now,
    set: (next) => {
      now = next;
    },
  };
}
