import { startDetached } from "../platform/detached-process.ts";
import { join } from "node:path";
import { createPlatform, type Platform } from "./platform.ts";
import { createSignIn } from "./sign-in.ts";
import { composeQueries, type QueryParts } from "./queries.ts";
import { createSession, type Session } from "./session.ts";
import type { Runtime } from "./runtime.ts";
import type { Finding } from "../status/finding.ts";
import type { Log } from "../platform/log.ts";
import { foreignFolder } from "../platform/files/folder-owner.ts";
import { portHolder, probePort } from "../platform/ports.ts";
import type { CodexClient } from "../query/client.ts";
import type { LoginService } from "../auth/sign-in/login-service.ts";
import type { OAuthFlow } from "../auth/sign-in/browser-flow.ts";
import type { Services } from "../status/services.ts";
import type { TokenManager } from "../auth/session/token-manager.ts";
import { version } from "../shared/version.ts";

export interface App {
  services: Services;
  log: Log;
  tokens: TokenManager;
  oauth: OAuthFlow;
  client: CodexClient;
  /** End what is under way; resolves when a refresh that was sent is saved, and what is unwanted revoked. */
  close(): Promise<void>;
}

/** Compose the program. Nothing is read, opened or sent before the first call. */
export function createApp(world: Runtime): App {
  const ground = createPlatform(world);
  const { config, clock, limits, redactor, log, folder, http, stateDir } = ground;
  const { refreshCommand } = world;
  const tokenParts = createSession(
    ground,
    refreshCommand && ((events) => startDetached(refreshCommand, events)),
    world.credentials,
  );
  const { tokens } = tokenParts;
  const { flow, login, unwanted } = createSignIn(ground, tokenParts);
  const queries = composeQueries(ground, tokenParts, login, () => world.timeZone);
  const { client, quota, ...others } = queries;
  return {
    log,
    tokens,
    oauth: flow,
    client,
    services: {
      ...others,
      tokens,
      login,
      client,
      quota,
      doctor: (signal) => examine(world, ground, tokenParts, queries, login, signal),
      surroundingNotices: async () => [
        ...(await http.authorities.notices()),
        ...foreignNotices(stateDir),
      ],
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
      flow.close();
      await Promise.all([
        client.close().then(() => quota.flush()),
        login.cancel("The program is ending."),
        tokens.stop(),
      ]);
      await unwanted.settled();
      await Promise.all([folder.flush(), http.close()]);
    },
  };
}

function foreignNotices(stateDir: string | undefined): string[] {
  const foreign = stateDir === undefined ? undefined : foreignFolder(stateDir);
  return foreign === undefined ? [] : [`${foreign}, so nothing is kept in ${stateDir ?? ""}.`];
}

/** The doctor is loaded when somebody asks for it. */
async function examine(
  { home }: Runtime,
  ground: Platform,
  { tokens, ledger }: Session,
  { credentials, guest, catalog, quota }: QueryParts,
  login: LoginService,
  signal: AbortSignal,
): Promise<Finding[]> {
  const { createDoctor } = await import("../status/doctor/index.ts");
  const doctor = createDoctor({
    ...ground,
    mode: () => credentials.mode(),
    tokens,
    guest,
    ledger,
    catalog,
    quota,
    home,
    portState: async (port) => ({
      state: await probePort(port),
      ...(await portHolder(port)),
    }),
    pendingLogin: () => login.pending,
  });
  return doctor.examine(signal);
}
