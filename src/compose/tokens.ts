import { startDetached, type Command } from "../infra/child-process.ts";
import { FileLock } from "../infra/file-lock.ts";
import { RefreshAttempts } from "../services/refresh-attempts.ts";
import { RefreshLedger } from "../services/refresh-ledger.ts";
import { RefreshSaver } from "../services/refresh-saver.ts";
import type { RefreshWork } from "../services/refresh-work.ts";
import { Refresher, type Spending } from "../services/refresher.ts";
import { TokenEndpoint } from "../services/token-endpoint.ts";
import { TokenManager } from "../services/token-manager.ts";
import { TokenStore } from "../services/token-store.ts";
import { UnsavedLogin } from "../services/unsaved-login.ts";
import type { Ground } from "./ground.ts";

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
      const { DetachedSpending } = await import("../services/detached-spending.ts");
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
      const { RefreshWork } = await import("../services/refresh-work.ts");
      return new RefreshWork({ ...refreshing, attempts });
    },
  };
}
