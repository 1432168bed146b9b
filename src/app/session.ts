import { ClaimFiles } from "../auth/session/claim-files.ts";
import { ClaimNote } from "../auth/session/claim-note.ts";
import { type CredentialStore, ProgramStore } from "../auth/session/program-store.ts";
import { LoginCipher } from "../auth/session/login-cipher.ts";
import { RefreshCoordinator } from "../auth/session/refresh-coordinator.ts";
import { TokenManager } from "../auth/session/token-manager.ts";
import { TokenRefresher, urgency } from "../auth/session/token-refresher.ts";
import { type LoginStore, TokenStore } from "../auth/session/token-store.ts";
import { OrphanedTokens } from "../auth/oauth/orphaned-tokens.ts";
import { TokenEndpoint } from "../auth/oauth/token-endpoint.ts";
import type { DetachedProcess } from "../platform/detached-process.ts";
import { FileLock } from "../platform/files/file-lock.ts";
import type { Platform } from "./platform.ts";

/** Starts the refresh process with these further arguments. */
export type StartRefresh = (args: readonly string[]) => Promise<DetachedProcess>;

export type Session = ReturnType<typeof createSession>;

/**
 * The stored login, in the login file or a program's own store, and its refresh.
 *
 * @param start undefined: refreshes run in this process, as they always do with a program's own store
 */
// eslint-disable-next-line @typescript-eslint/explicit-module-boundary-types -- `Session` is its type
export function createSession(platform: Platform, start: StartRefresh | undefined, credentials?: CredentialStore) {
  const { config, clock, random, limits, log, self, temporaries, http } = platform;
  const { redactor, userAgent, origins, keyring } = platform;
  const { issuer, authFile, encrypt } = config;
  const now = (): number => clock.now();
  const endpoint = new TokenEndpoint({ issuer, http, limits, redactor, userAgent, now });
  const program = credentials && new ProgramStore({ store: credentials, clock, random, redactor });
  const lock = new FileLock(authFile, { clock, random });
  const fileStore = new TokenStore({
    path: authFile,
    foreignLogins: config.officialLogins,
    lock,
    lockWaitMs: limits.fileLockWaitMs,
    temporaries,
    cipher: new LoginCipher({ wanted: encrypt, path: authFile, keyring, random, clock, redactor }),
    clock,
    log,
  });
  const store: LoginStore = program ?? fileStore;
  const claims =
    program === undefined
      ? new ClaimFiles({ folder: `${authFile}.claims`, clock, self, limits })
      : new ClaimNote({ store: program, clock, random, limits });
  const basics = { origins, store, claims, clock, limits, log, redactor };
  const orphanedTokens = new OrphanedTokens({ ...basics, endpoint });
  const refreshing = { ...basics, endpoint, orphanedTokens };
  const refresher = new TokenRefresher(refreshing);
  const coordinator = new RefreshCoordinator({
    ...refreshing,
    refresher,
    start:
      credentials === undefined && start !== undefined
        ? (accessToken, urgent) => start([accessToken, urgency(urgent)])
        : undefined,
  });
  const tokens = new TokenManager({
    ...refreshing,
    refresher,
    coordinator,
    clockAheadMs: () => http.clockAheadMs,
  });
  return { endpoint, store, claims, refresher, orphanedTokens, tokens };
}
