import type { Config } from "../config.ts";
import type { Limits } from "../core/limits.ts";
import type { OriginHealth } from "../core/status.ts";
import type { Clock } from "../infra/clock.ts";
import type { Redactor } from "../infra/redact.ts";
import type { CodexClient } from "./codex-client.ts";
import type { Credentials } from "./credentials.ts";
import type { LoginService } from "./login-service.ts";
import type { LongAnswers } from "./long-answers.ts";
import type { ModelCatalog } from "./model-catalog.ts";
import type { QuotaMemory } from "./quota-memory.ts";
import type { TokenManager } from "./token-manager.ts";

/** What the tools work with. */
export interface Services {
  tokens: Pick<TokenManager, "state" | "clear" | "unsavedReason">;
  credentials: Pick<Credentials, "get">;
  login: Pick<LoginService, "beginOrJoin" | "wait" | "cancel" | "pending" | "failure">;
  client: Pick<CodexClient, "query">;
  longAnswers: Pick<LongAnswers, "fit">;
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
