import type { Origins } from "../auth/oauth/token-set.ts";
import { Http } from "../http/http.ts";
import { proxySecrets } from "../http/proxy.ts";
import { ownFolderAt, StateFolder } from "../platform/files/state-folder.ts";
import { TemporaryFiles } from "../platform/files/temporary-files.ts";
import { createDebugLog, createForwardingLog, silentLog, type Log } from "../platform/log.ts";
import { identifySelf, type ProcessIdentity } from "../platform/process-identity.ts";
import { Redactor } from "../shared/redactor.ts";
import { version } from "../shared/version.ts";
import type { Runtime } from "./runtime.ts";

/** Infrastructure that all parts share. */
export interface Platform extends Pick<
  Runtime,
  "config" | "clock" | "random" | "limits" | "mayOpenBrowser" | "keyring"
> {
  /** Undefined if a setting makes it unusable, or if a program with its own store names none. */
  stateDir: string | undefined;
  redactor: Redactor;
  log: Log;
  self: ProcessIdentity;
  temporaries: TemporaryFiles;
  folder: StateFolder;
  http: Http;
  userAgent: string;
  origins: Origins;
}

/** Opens, sends and writes nothing. */
export function createPlatform(runtime: Runtime): Platform {
  const { config, clock, random, limits, keyring, takeLog, writeStderr } = runtime;
  const redactor = new Redactor();
  redactor.addSecrets(...proxySecrets(config.proxy), config.apiKey);
  const spoilt = config.problems.some(({ area }) => area === "storage" || area === "state");
  const stateDir = spoilt || config.stateDir === "" ? undefined : ownFolderAt(config.stateDir);
  const debugLog = (): Log =>
    config.debug ? createDebugLog({ clock, redactor, folder: stateDir, writeStderr }) : silentLog;
  const log = takeLog === undefined ? debugLog() : createForwardingLog(takeLog, redactor);
  const self = identifySelf(runtime.pid, random);
  const temporaries = new TemporaryFiles(self, clock);
  const { proxy, caFiles, tlsUnverified, issuer, apiOrigin } = config;
  return {
    config,
    clock,
    random,
    limits,
    mayOpenBrowser: runtime.mayOpenBrowser,
    keyring,
    stateDir,
    redactor,
    log,
    self,
    temporaries,
    folder: new StateFolder(stateDir, temporaries),
    http: new Http({ clock, log, proxy, caFiles, tlsUnverified }),
    userAgent: `codex-oauth/${version} (${runtime.platform})`,
    origins: { issuer, apiOrigin },
  };
}
