import { join } from "node:path";
import type { Config } from "./config.ts";
import type { Limits } from "./core/limits.ts";
import { openInBrowser } from "./infra/browser.ts";
import type { Clock } from "./infra/clock.ts";
import { createDebugLog, silentLog, type Log } from "./infra/debug-log.ts";
import { FileLock } from "./infra/file-lock.ts";
import { Http } from "./infra/http.ts";
import { identifySelf } from "./infra/process-identity.ts";
import { uuid, type Random } from "./infra/random.ts";
import { Redactor } from "./infra/redact.ts";
import { StateFolder } from "./infra/state-folder.ts";
import { TemporaryFiles } from "./infra/temporary-files.ts";
import { apiHeaders } from "./services/api-headers.ts";
import { CodexClient } from "./services/codex-client.ts";
import { Credentials } from "./services/credentials.ts";
import { checkHealth } from "./services/health.ts";
import { LoginService } from "./services/login-service.ts";
import { LongAnswers } from "./services/long-answers.ts";
import { ModelCatalog } from "./services/model-catalog.ts";
import { OAuthFlow } from "./services/oauth-flow.ts";
import { QuotaMemory } from "./services/quota-memory.ts";
import { RefreshLedger } from "./services/refresh-ledger.ts";
import { Refresher } from "./services/refresher.ts";
import { ResponsesEndpoint } from "./services/responses-endpoint.ts";
import type { Services } from "./services/services.ts";
import { TokenEndpoint } from "./services/token-endpoint.ts";
import { TokenManager } from "./services/token-manager.ts";
import { TokenStore } from "./services/token-store.ts";
import { version } from "./version.ts";

/** Everything that the program takes from the world; tests give their own. */
export interface World {
  config: Config;
  clock: Clock;
  random: Random;
  limits: Limits;
  pid: number;
  /** "linux 6.1.0; x64" */
  platform: string;
  timeZone: string;
  writeStderr: (text: string) => void;
}

export interface App {
  services: Services;
  log: Log;
  /** End what is under way; resolves when a refresh that was sent is saved. */
  close(): Promise<void>;
}

/** Compose the program. Nothing is read, opened or sent before the first call. */
export function createApp(world: World): App {
  const { config, clock, random, limits } = world;
  const redactor = new Redactor();
  const storageUsable = !config.problems.some(({ area }) => ["storage", "state"].includes(area));
  const stateDir = storageUsable ? config.stateDir : undefined;
  const log = config.debug
    ? createDebugLog({ clock, redactor, folder: stateDir, writeStderr: world.writeStderr })
    : silentLog;
  const self = identifySelf(world.pid, random);
  const temporaries = new TemporaryFiles(self, clock);
  const folder = new StateFolder(stateDir, temporaries);
  const http = new Http({ clock, log, proxy: config.proxy });
  const userAgent = `codex-oauth/${version} (${world.platform})`;
  const api = { userAgent, clientVersion: config.clientVersion };
  const origins = { issuer: config.issuer, apiOrigin: config.apiOrigin };

  const endpoint = new TokenEndpoint({
    issuer: config.issuer,
    http,
    limits,
    redactor,
    userAgent,
    now: () => clock.now(),
  });
  const lockDeps = { clock, random, self };
  const refreshLock = new FileLock(`${config.authFile}.refresh.lock`, lockDeps);
  const store = new TokenStore({
    path: config.authFile,
    lock: new FileLock(`${config.authFile}.lock`, lockDeps),
    lockWaitMs: limits.fileLockWaitMs,
    temporaries,
    clock,
    log,
  });
  const ledger = new RefreshLedger(folder);
  const refresher = new Refresher({
    origins,
    store,
    ledger,
    endpoint,
    lock: refreshLock,
    clock,
    limits,
    log,
  });
  const tokens = new TokenManager({ origins, store, refresher, redactor, clock, limits, log });
  const flow = new OAuthFlow({
    issuer: config.issuer,
    ports: config.callbackPorts,
    endpoint,
    save: (grant) => tokens.saveLogin(grant),
    clock,
    random,
    limits,
    redactor,
    log,
  });
  const login = new LoginService({
    flow,
    openBrowser: config.noBrowser ? undefined : openInBrowser,
    isStored: (saved) => tokens.isStored(saved),
    clock,
    limits,
    log,
  });
  const credentials = new Credentials({ tokens, baseUrl: config.baseUrl });
  const catalog = new ModelCatalog({
    clientVersion: config.clientVersion,
    folder,
    http,
    headers: (credential) => apiHeaders(api, credential),
    credentials,
    clock,
    limits,
    log,
  });
  const quota = new QuotaMemory(folder);
  const responses = new ResponsesEndpoint({
    ...api,
    sessionId: uuid(random),
    idleTimeoutMs: config.idleTimeoutMs,
    http,
    clock,
    limits,
  });
  const client = new CodexClient({
    credentials,
    catalog,
    endpoint: responses,
    quota,
    defaults: { model: config.model, reasoningEffort: config.reasoningEffort },
    clock,
    random,
    limits,
    log,
  });
  const longAnswers = new LongAnswers({
    folder: folder.inside("answers"),
    redact: (text) => redactor.values(text),
    clock,
    random,
    limits,
  });
  return {
    log,
    services: {
      tokens,
      credentials,
      login,
      client,
      longAnswers,
      catalog,
      quota,
      health: (signal) =>
        checkHealth(
          [new URL(config.issuer).origin, config.apiOrigin],
          http,
          userAgent,
          clock,
          signal,
        ),
      refreshHolder: () => refreshLock.holder(),
      config,
      limits,
      clock,
      redactor,
      get timeZone() {
        return world.timeZone;
      },
      version,
      logFile:
        log.file ??
        (config.debug && stateDir !== undefined ? join(stateDir, "debug.log") : undefined),
    },
    close: async () => {
      await Promise.all([login.cancel("The server is ending."), tokens.stop(), quota.flush()]);
      await Promise.all([folder.flush(), http.close()]);
    },
  };
}
