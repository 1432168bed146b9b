import { startDetached, type Command } from "../platform/detached-process.ts";
import { FileLock } from "../platform/files/file-lock.ts";
import { RefreshAttempts } from "../auth/session/refresh-in-process.ts";
import { RefreshLedger } from "../auth/session/refresh-ledger.ts";
import { RefreshSaver } from "../auth/session/save-refresh.ts";
import type { RefreshWork } from "../auth/session/refresh-child.ts";
import { Refresher, type Spending } from "../auth/session/refresh.ts";
import { TokenEndpoint } from "../auth/oauth/token-endpoint.ts";
import { TokenManager } from "../auth/session/token-manager.ts";
import { TokenStore } from "../auth/session/token-store.ts";
import { UnsavedLogin } from "../auth/session/unsaved-login.ts";
import type { Ground } from "./platform.ts";

/** The login of this machine: where it is kept, and how it is renewed. */
export interface TokenParts {
  endpoint: TokenEndpoint;
  store: TokenStore;
  ledger: RefreshLedger;
  tokens: TokenManager;
  /** What this process does when it is the process of a refresh. */
  refreshWork: () => Promise<RefreshWork>;
}

/**
 * The part that keeps the login.
 *
 * @param refreshCommand starts the process of a refresh; without one this process refreshes
 */
export function composeTokens(ground: Ground, refreshCommand: Command | undefined): TokenParts {
  const { config, clock, random, limits, log, self, temporaries, http, folder } = ground;
  const { redactor, userAgent, origins } = ground;
  const { issuer, authFile } = config;
  const now = (): number => clock.now();
  const endpoint = new TokenEndpoint({ issuer, http, limits, redactor, userAgent, now });
  const lockDeps = { clock, random, self };
  const store = new TokenStore({
    path: authFile,
    lock: new FileLock(`${authFile}.lock`, lockDeps),
    lockWaitMs: limits.fileLockWaitMs,
    temporaries,
    clock,
    log,
  });
  const ledger = new RefreshLedger(folder);
  const basics = { origins, store, clock, limits, log };
  const unsaved = new UnsavedLogin(basics);
  const saver = new RefreshSaver({ ...basics, endpoint, unsaved });
  const lock = new FileLock(`${authFile}.refresh.lock`, lockDeps);
  const refreshing = { ...basics, ledger, endpoint, lock, unsaved, saver, redactor };
  const attempts = new RefreshAttempts(refreshing);
  // Most starts of the program refresh nothing.
  const detached: Spending | undefined = refreshCommand && {
    spend: async (...refresh) => {
      const { DetachedSpending } = await import("../auth/session/refresh-in-child.ts");
      const start: ConstructorParameters<typeof DetachedSpending>[0]["start"] = (events) =>
        startDetached(refreshCommand, events);
      return new DetachedSpending({ ...refreshing, here: attempts, start }).spend(...refresh);
    },
    settled: () => attempts.settled(),
  };
  const refresher = new Refresher({ ...refreshing, spending: detached ?? attempts });
  return {
    endpoint,
    store,
    ledger,
    tokens: new TokenManager({ ...refreshing, refresher }),
    refreshWork: async () => {
      const { RefreshWork } = await import("../auth/session/refresh-child.ts");
      return new RefreshWork({ ...refreshing, attempts });
    },
  };
}
