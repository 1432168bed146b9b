import type { Origins } from "../auth/oauth/token-set.ts";
import { createDebugLog, createForwardingLog, silentLog, type Log } from "../platform/log.ts";
import { Http } from "../http/http.ts";
import { identifySelf, type ProcessIdentity } from "../platform/process-identity.ts";
import { proxySecrets } from "../http/proxy.ts";
import { Redactor } from "../shared/redactor.ts";
import { StateFolder } from "../platform/files/state-folder.ts";
import { TemporaryFiles } from "../platform/files/temporary-files.ts";
import { version } from "../shared/version.ts";
import type { Runtime } from "./runtime.ts";

/** What everything else stands on. */
export interface Ground extends Pick<Runtime, "config" | "clock" | "random" | "limits"> {
  /** Undefined where a setting spoils it. */
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

/** The part below all others; nothing is opened, sent or written by it. */
export function composeGround(world: Runtime): Ground {
  const { config, clock, random, limits, takeLog, writeStderr } = world;
  const redactor = new Redactor();
  redactor.learn(...proxySecrets(config.proxy), config.apiKey);
  const spoilt = config.problems.some(({ area }) => area === "storage" || area === "state");
  const stateDir = spoilt ? undefined : config.stateDir;
  const debugLog = (): Log =>
    config.debug ? createDebugLog({ clock, redactor, folder: stateDir, writeStderr }) : silentLog;
  const log = takeLog === undefined ? debugLog() : createForwardingLog(takeLog, redactor);
  const self = identifySelf(world.pid, random);
  const temporaries = new TemporaryFiles(self, clock);
  const { proxy, caFiles, tlsUnverified, issuer, apiOrigin } = config;
  return {
    config,
    clock,
    random,
    limits,
    stateDir,
    redactor,
    log,
    self,
    temporaries,
    folder: new StateFolder(stateDir, temporaries),
    http: new Http({ clock, log, proxy, caFiles, tlsUnverified }),
    userAgent: `codex-oauth/${version} (${world.platform})`,
    origins: { issuer, apiOrigin },
  };
}
