import { type CredentialStore, ProgramStore } from "../auth/session/program-store.ts";
import { RefreshClaims, unsavedRetryMs } from "../auth/session/refresh-claim.ts";
import { TokenRefresher } from "../auth/session/token-refresher.ts";
import { RefreshJournal } from "../auth/session/refresh-journal.ts";
import { RefreshCoordinator, type RefreshExecutor } from "../auth/session/refresh-coordinator.ts";
import { RefreshPersister } from "../auth/session/refresh-persister.ts";
import { TokenManager } from "../auth/session/token-manager.ts";
import { type LoginStore, TokenStore } from "../auth/session/token-store.ts";
import { PendingSave } from "../auth/session/pending-save.ts";
import { OrphanedTokens } from "../auth/oauth/orphaned-tokens.ts";
import { TokenEndpoint } from "../auth/oauth/token-endpoint.ts";
import type { DetachedEvents, DetachedProcess } from "../platform/detached-process.ts";
import { FileLock } from "../platform/files/file-lock.ts";
import type { Platform } from "./platform.ts";

/** Starts the refresh process. */
export type StartRefresh = (events: DetachedEvents) => Promise<DetachedProcess>;

export type Session = ReturnType<typeof createSession>;

/**
 * The stored login, in the login file or a program's own store, and its refresh.
 *
 * @param start undefined: refreshes run in this process, as they always do with a program's own store
 */
// eslint-disable-next-line @typescript-eslint/explicit-module-boundary-types -- `Session` is its type
export function createSession(platform: Platform, start: StartRefresh | undefined, credentials?: CredentialStore) {
  const { config, clock, random, limits, log, self, temporaries, http, folder } = platform;
  const { redactor, userAgent, origins } = platform;
  const { issuer, authFile } = config;
  const now = (): number => clock.now();
  const endpoint = new TokenEndpoint({ issuer, http, limits, redactor, userAgent, now });
  const lockDeps = { clock, random, self };
  const fileLock = new FileLock(`${authFile}.lock`, lockDeps);
  const refreshLock = new FileLock(`${authFile}.refresh.lock`, lockDeps);
  const program = credentials && new ProgramStore({ store: credentials, clock, random, redactor });
  const claims = program && new RefreshClaims({ store: program, clock, random, log });
  const fileStore = new TokenStore({
    path: authFile,
    foreignLogins: config.officialLogins,
    lock: fileLock,
    lockWaitMs: limits.fileLockWaitMs,
    temporaries,
    clock,
    log,
  });
  const store: LoginStore = program ?? fileStore;
  const journal = claims ?? new RefreshJournal(folder);
  const lock = claims ?? refreshLock;
  const basics = { origins, store, clock, limits, log };
  const pendingSave = new PendingSave({ ...basics, maxDelayMs: claims && unsavedRetryMs });
  const orphanedTokens = new OrphanedTokens({ ...basics, endpoint });
  const persister = new RefreshPersister({ ...basics, orphanedTokens, pendingSave });
  const refreshing = { ...basics, journal, endpoint, lock, pendingSave, persister, redactor };
  const inProcess = new TokenRefresher(refreshing);
  // Most starts of the program refresh nothing.
  const mayStart = credentials === undefined ? start : undefined;
  const detached: RefreshExecutor | undefined = mayStart && {
    refresh: async (...refresh) => {
      const { ChildProcessRefresher } = await import("../auth/session/child-process-refresher.ts");
      return new ChildProcessRefresher({ ...refreshing, inProcess, start: mayStart }).refresh(...refresh);
    },
  };
  const refresher = new RefreshCoordinator({ ...refreshing, executor: detached ?? inProcess });
  return {
    endpoint,
    store,
    journal,
    fileLock,
    refreshLock,
    tokens: new TokenManager({ ...refreshing, orphanedTokens, refresher }),
    /** The job of the refresh process. */
    refreshWork: async () => {
      const { RefreshWorker } = await import("../auth/session/refresh-worker.ts");
      return new RefreshWorker({ ...refreshing, lock: refreshLock, refresher: inProcess });
    },
  };
}
