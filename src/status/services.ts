import type { Config } from "../config/config.ts";
import type { Limits } from "../shared/limits.ts";
import type { Finding } from "./finding.ts";
import type { Clock } from "../platform/clock.ts";
import type { Redactor } from "../shared/redactor.ts";
import type { CodexClient } from "../query/client.ts";
import type { CredentialChooser } from "../auth/chooser.ts";
import type { LoginService } from "../auth/sign-in/login-service.ts";
import type { LongAnswers } from "../query/long-answers.ts";
import type { ModelCatalog } from "../models/catalog.ts";
import type { QuotaMemory } from "../quota/quota-cache.ts";
import type { TokenManager } from "../auth/session/token-manager.ts";

/** What the tools work with. */
export interface Services {
  tokens: Pick<TokenManager, "state" | "signOut" | "unsavedReason">;
  credentials: Pick<
    CredentialChooser,
    "get" | "current" | "unstored" | "choose" | "codexCliAccount"
  >;
  login: Pick<
    LoginService,
    "beginOrJoin" | "finish" | "tellCode" | "wait" | "cancel" | "pending" | "failure"
  >;
  client: Pick<CodexClient, "query" | "stream">;
  longAnswers: Pick<LongAnswers, "fit">;
  catalog: Pick<ModelCatalog, "kept" | "refresh">;
  quota: Pick<QuotaMemory, "lastSeen">;
  /** Look at everything that may keep a question from its answer; never fails but by the signal. */
  doctor: (signal: AbortSignal) => Promise<Finding[]>;
  /** What is wrong around the program without being a setting of ours, a sentence each. */
  surroundingNotices: () => Promise<readonly string[]>;
  config: Config;
  limits: Limits;
  clock: Clock;
  redactor: Redactor;
  /** IANA name; reset times are shown in it. */
  timeZone: string;
  version: string;
  /** "linux 6.1.0; x64" */
  platform: string;
  /** The debug log's path while it is written. */
  logFile: string | undefined;
}
