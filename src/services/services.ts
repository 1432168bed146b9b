import type { Config } from "../config.ts";
import type { Limits } from "../core/limits.ts";
import type { OriginHealth } from "../core/status.ts";
import type { Clock } from "../infra/clock.ts";
import type { Redactor } from "../infra/redact.ts";
import type { CodexClient } from "./codex-client.ts";
import type { CodexCliLogin } from "./codex-cli-login.ts";
import type { Credentials } from "./credentials.ts";
import type { LoginModes } from "./login-mode.ts";
import type { LoginService } from "./login-service.ts";
import type { ModelCatalog } from "./model-catalog.ts";
import type { QuotaMemory } from "./quota-memory.ts";
import type { TokenManager } from "./token-manager.ts";

/** What the tools work with. */
export interface Services {
  tokens: Pick<TokenManager, "state" | "clear" | "unsavedReason">;
  credentials: Pick<Credentials, "get" | "mode">;
  /** The official client's login, which only a person's choice brings into use. */
  guest: Pick<CodexCliLogin, "look" | "path">;
  /** The ways to pay that are no login of ours. */
  mode: Pick<LoginModes, "choose" | "found">;
  login: Pick<LoginService, "beginOrJoin" | "wait" | "cancel" | "pending" | "failure">;
  client: Pick<CodexClient, "query">;
  catalog: Pick<ModelCatalog, "kept" | "refresh">;
  quota: Pick<QuotaMemory, "lastSeen">;
  health: (signal: AbortSignal) => Promise<OriginHealth[]>;
  /** The process that refreshes the login right now, if any does. */
  refreshHolder: () => Promise<{ pid: number | undefined } | undefined>;
  config: Config;
  limits: Limits;
  clock: Clock;
  redactor: Redactor;
  /** IANA name; reset times are shown in it. */
  timeZone: string;
  version: string;
  /** The debug log's path while it is written. */
  logFile: string | undefined;
}
