import type { Origins } from "../core/tokens.ts";
import { createDebugLog, createForwardingLog, silentLog, type Log } from "../infra/debug-log.ts";
import { Http } from "../infra/http.ts";
import { identifySelf, type ProcessIdentity } from "../infra/process-identity.ts";
import { proxySecrets } from "../infra/proxy.ts";
import { Redactor } from "../infra/redact.ts";
import { StateFolder } from "../infra/state-folder.ts";
import { TemporaryFiles } from "../infra/temporary-files.ts";
import { version } from "../version.ts";
import type { World } from "./world.ts";

/** What everything else stands on. */
export interface Ground extends Pick<World, "config" | "clock" | "random" | "limits"> {
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
export function composeGround(world: World): Ground {
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
