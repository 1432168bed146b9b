import * as z from "zod";
import { createApp } from "./app.ts";
import { assertConfigured, loadConfig } from "../config/config.ts";
import { systemHome } from "../platform/host.ts";
import { type Environment } from "../config/environment.ts";
import { reasoningEfforts, type ReasoningEffort } from "../models/effort.ts";
import { CodexError } from "../shared/errors.ts";
import { defaultLimits } from "../shared/limits.ts";
import { modelName } from "../models/model-name.ts";
import { keepingClock } from "../platform/clock.ts";
import { platformName } from "./runtime.ts";
import { systemRandom } from "../platform/random.ts";
import type { CodexClient } from "../query/client.ts";
import type { OAuthFlow } from "../auth/sign-in/browser-flow.ts";
import type { CredentialStore } from "../auth/session/program-store.ts";
import type { TokenManager } from "../auth/session/token-manager.ts";
import type { SettingName } from "../config/settings.ts";

/** Each option stands in place of the setting of the same meaning (DEPLOYMENT.md). */
export interface CodexOptions {
  /** The login file, an absolute path. */
  authFile?: string | undefined;
  /** Keeps the login in place of the login file, of which nothing is read or written then. */
  credentials?: CredentialStore | undefined;
  /** Where the model list and the quota are kept, an absolute path. */
  stateDir?: string | undefined;
  /** The authorization server's origin. */
  issuer?: string | undefined;
  /** The API's root. */
  baseUrl?: string | undefined;
  model?: string | undefined;
  reasoningEffort?: ReasoningEffort | undefined;
  /** Ports of this machine that a sign-in may return to. */
  callbackPorts?: readonly number[] | undefined;
  /** Settings by their environment names. Default: the environment of the process. */
  env?: Environment | undefined;
  /** Gets diagnostics, without secrets, questions or answers. */
  log?: ((area: string, message: string) => void) | undefined;
}

/** What the tools of the server work with. */
export interface Codex {
  /** The login of this machine. */
  tokens: TokenManager;
  /** Signs in. */
  oauth: OAuthFlow;
  /** Asks. */
  client: CodexClient;
  /**
   * End what is under way and close every connection; a refresh that was sent is saved first. What is
   * asked from then on fails as `CANCELLED`.
   */
  close(): Promise<void>;
}

// The object itself is used, since its methods may need it.
const method = z.custom((value) => typeof value === "function");
const credentialStore = z.looseObject({ load: method, save: method });

const options = z.strictObject({
  authFile: z.string().min(1).optional(),
  credentials: z
    .custom<CredentialStore>((value) => credentialStore.safeParse(value).success)
    .optional(),
  stateDir: z.string().min(1).optional(),
  issuer: z.string().min(1).optional(),
  baseUrl: z.string().min(1).optional(),
  model: z.string().regex(modelName).optional(),
  reasoningEffort: z.enum(reasoningEfforts).optional(),
  callbackPorts: z.array(z.number().int().min(0).max(65_535)).min(1).optional(),
  env: z.record(z.string(), z.string().optional()).optional(),
  log: z.custom<CodexOptions["log"]>((value) => typeof value === "function").optional(),
});

/**
 * A client of the Codex models on this machine's ChatGPT login, which it shares with every other
 * program of ours. Nothing is read, opened or sent before the first call; the process itself is left
 * alone: no signal handler, nothing on stdout or stderr.
 *
 * @throws CodexError `CONFIG` for an option or a setting that cannot be used.
 */
export function createCodex(given: CodexOptions = {}): Codex {
  const { env = process.env, log, credentials, ...chosen } = checked(given);
  const home = systemHome();
  const config = loadConfig({ ...env, ...asSettings(chosen) }, home, credentials === undefined);
  assertConfigured(
    config,
    config.problems.map(({ area }) => area),
  );
  for (const notice of config.notices) log?.("CODEX", notice);
  const app = createApp({
    config,
    clock: keepingClock,
    random: systemRandom,
    limits: defaultLimits,
    pid: process.pid,
    platform: platformName(),
    get timeZone() {
      return Intl.DateTimeFormat().resolvedOptions().timeZone;
    },
    home,
    refreshCommand: undefined, // the program of its own that could run it is not ours
    credentials,
    writeStderr: () => undefined,
    takeLog: log,
  });
  return { tokens: app.tokens, oauth: app.oauth, client: app.client, close: () => app.close() };
}

function checked(given: CodexOptions): z.infer<typeof options> {
  const parsed = options.safeParse(given);
  if (parsed.success) {
    const { authFile, credentials } = parsed.data;
    if (authFile === undefined || credentials === undefined) return parsed.data;
    throw new CodexError("CONFIG", "The options authFile and credentials exclude each other.", {
      why: "A login is kept in one place.",
      next: "Leave one of them out.",
    });
  }
  const [issue] = parsed.error.issues;
  const field = issue?.code === "unrecognized_keys" ? issue.keys[0] : issue?.path[0];
  const name = field === undefined ? "The options" : `The option ${String(field).slice(0, 60)}`;
  throw new CodexError("CONFIG", `${name} cannot be used.`, {
    why: `Known are ${Object.keys(options.shape).join(", ")}.`,
    next: "Correct or leave out the option that the message names.",
  });
}

/** One way for options and environment, so that both are judged alike. */
function asSettings(
  chosen: Omit<CodexOptions, "credentials" | "env" | "log">,
): Partial<Record<SettingName, string>> {
  const settings: Partial<Record<SettingName, string | undefined>> = {
    CODEX_AUTH_FILE: chosen.authFile,
    CODEX_STATE_DIR: chosen.stateDir,
    CODEX_ISSUER: chosen.issuer,
    CODEX_BASE_URL: chosen.baseUrl,
    CODEX_MODEL: chosen.model,
    CODEX_REASONING_EFFORT: chosen.reasoningEffort,
    CODEX_CALLBACK_PORTS: chosen.callbackPorts?.join(","),
  };
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));
}
