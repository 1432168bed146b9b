import { join } from "node:path";
import type { Config } from "./config.ts";
import { CodexError } from "./core/errors.ts";
import type { Limits } from "./core/limits.ts";
import { openInBrowser } from "./infra/browser.ts";
import type { Clock } from "./infra/clock.ts";
import { startDetached, type Command } from "./infra/child-process.ts";
import { createDebugLog, silentLog, type Log } from "./infra/debug-log.ts";
import { FileLock } from "./infra/file-lock.ts";
import { foreignFolder } from "./infra/folder-owner.ts";
import { Http } from "./infra/http.ts";
import { probePort } from "./infra/port-probe.ts";
import { identifySelf } from "./infra/process-identity.ts";
import { proxySecrets } from "./infra/proxy.ts";
import { uuid, type Random } from "./infra/random.ts";
import { Redactor } from "./infra/redact.ts";
import { StateFolder } from "./infra/state-folder.ts";
import { lookAround } from "./infra/surroundings.ts";
import { TemporaryFiles } from "./infra/temporary-files.ts";
import { apiHeaders } from "./services/api-headers.ts";
import { CodexClient } from "./services/codex-client.ts";
import { Credentials } from "./services/credentials.ts";
import { DeviceEndpoint } from "./services/device-endpoint.ts";
import { DeviceFlow } from "./services/device-flow.ts";
import { createDoctor } from "./services/doctor/index.ts";
import { LoginService } from "./services/login-service.ts";
import { ModelCatalog } from "./services/model-catalog.ts";
import { OAuthFlow } from "./services/oauth-flow.ts";
import { QuotaMemory } from "./services/quota-memory.ts";
import { DetachedSpending } from "./services/detached-spending.ts";
import { RefreshAttempts } from "./services/refresh-attempts.ts";
import { RefreshLedger } from "./services/refresh-ledger.ts";
import { RefreshSaver } from "./services/refresh-saver.ts";
import { RefreshWork } from "./services/refresh-work.ts";
import { Refresher } from "./services/refresher.ts";
import { ResponsesEndpoint } from "./services/responses-endpoint.ts";
import type { ModeChoice, Services } from "./services/services.ts";
import { TokenEndpoint } from "./services/token-endpoint.ts";
import { TokenManager } from "./services/token-manager.ts";
import { TokenStore } from "./services/token-store.ts";
import { UnsavedLogin } from "./services/unsaved-login.ts";
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
  /** The home folder; empty where nobody knows it. */
  home: string;
  timeZone: string;
  /** What starts the process of a refresh; undefined: refreshes run in this process. */
  refreshCommand: Command | undefined;
  writeStderr: (text: string) => void;
}

export interface App {
  services: Services;
  log: Log;
  /** What this process does when it is the process of a refresh. */
  refreshWork: RefreshWork;
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
  redactor.learn(...proxySecrets(config.proxy));
  const { proxy, caFiles, tlsUnverified } = config;
  const http = new Http({ clock, log, proxy, caFiles, tlsUnverified });
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
  const basics = { origins, store, clock, limits, log };
  const unsaved = new UnsavedLogin(basics);
  const saver = new RefreshSaver({ ...basics, endpoint, unsaved });
  const refreshing = { ...basics, ledger, endpoint, lock: refreshLock, unsaved, saver, redactor };
  const attempts = new RefreshAttempts(refreshing);
  const { refreshCommand } = world;
  const spending =
    refreshCommand === undefined
      ? attempts
      : new DetachedSpending({
          ...refreshing,
          here: attempts,
          start: (events) => startDetached(refreshCommand, events),
        });
  const refresher = new Refresher({ ...refreshing, spending });
  const tokens = new TokenManager({ ...refreshing, refresher });
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
  const device = new DeviceFlow({
    issuer: config.issuer,
    endpoint: new DeviceEndpoint({
      issuer: config.issuer,
      http,
      limits,
      redactor,
      userAgent,
      now: () => clock.now(),
    }),
    tokens: endpoint,
    save: (grant) => tokens.saveLogin(grant),
    clock,
    limits,
    log,
  });
  const login = new LoginService({
    flow,
    device,
    here: async () => ({
      ...config.desktop,
      ...(await lookAround(config.desktop)),
      noBrowser: config.noBrowser,
    }),
    openBrowser: openInBrowser,
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
  const doctor = createDoctor({
    config,
    clock,
    self,
    temporaries,
    http,
    userAgent,
    mode: () => Promise.resolve(config.auth ?? "chatgpt"),
    tokens,
    ledger,
    catalog,
    quota,
    redactor,
    home: world.home,
    portState: async (port) => ({ state: await probePort(port) }),
    pendingLogin: () => login.pending,
  });
  return {
    log,
    refreshWork: new RefreshWork({ ...refreshing, attempts }),
    services: {
      tokens,
      credentials,
      login,
      mode: noOtherModes,
      client,
      catalog,
      quota,
      doctor: (signal) => doctor.examine(signal),
      surroundingNotices: async () => {
        const foreign = stateDir === undefined ? undefined : foreignFolder(stateDir);
        return [
          ...(await http.authorities.notices()),
          ...(foreign === undefined
            ? []
            : [`${foreign}, so nothing is kept in ${stateDir ?? ""}.`]),
        ];
      },
      config,
      limits,
      clock,
      redactor,
      get timeZone() {
        return world.timeZone;
      },
      version,
      platform: world.platform,
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

const noOtherModes: ModeChoice = {
  choose: (mode) =>
    Promise.reject(new CodexError("BAD_REQUEST", `method "${mode}" is not available.`)),
  found: () => Promise.resolve(undefined),
};
