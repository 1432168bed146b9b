import * as z from "zod";
import { type Codex } from "./codex.ts";
import { composeCodex } from "./compose.ts";
import { assertConfigured, loadConfig } from "../config/config.ts";
import { systemHome } from "../platform/host.ts";
import { type Environment } from "../config/environment.ts";
import type { ReasoningEffort } from "../models/effort.ts";
import { CodexError } from "../shared/errors.ts";
import { act } from "../shared/next-step.ts";
import { renderNext } from "../render/next-step.ts";
import { defaultLimits } from "../shared/limits.ts";
import { refedClock } from "../platform/clock.ts";
import { platformName } from "./runtime.ts";
import { systemRandom } from "../platform/random.ts";
import { requestFields } from "../query/request/request.ts";
import { validated } from "../shared/validated.ts";
import type { CredentialStore } from "../auth/session/program-store.ts";
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

// The object itself is used, since its methods may need it.
const method = z.custom((value) => typeof value === "function");
const credentialStore = z.looseObject({ load: method, save: method });

const options = z.strictObject({
  authFile: z.string().min(1).optional(),
  credentials: z.custom<CredentialStore>((value) => credentialStore.safeParse(value).success).optional(),
  stateDir: z.string().min(1).optional(),
  issuer: z.string().min(1).optional(),
  baseUrl: z.string().min(1).optional(),
  model: requestFields.model,
  reasoningEffort: requestFields.reasoningEffort,
  callbackPorts: z.array(z.number().int().min(0).max(65_535)).min(1).optional(),
  env: z.record(z.string(), z.string().optional()).optional(),
  log: z.custom<CodexOptions["log"]>((value) => typeof value === "function", "must be a function").optional(),
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
  return composeCodex({
    config,
    clock: refedClock,
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
}

/** What to do about an error, as English sentences; `error.next` has it as data. */
export function describeNext(error: CodexError): string {
  return renderNext(error, "library");
}

function checked(given: CodexOptions): z.infer<typeof options> {
  const chosen = validated(options, given, "options", ({ field, verdict }) => {
    return new CodexError("CONFIG", `The options cannot be used: ${field} ${verdict}.`, {
      next: [act("Correct or leave out the option that the message names")],
    });
  });
  if (chosen.authFile === undefined || chosen.credentials === undefined) return chosen;
  throw new CodexError("CONFIG", "The options authFile and credentials exclude each other.", {
    why: "A login is kept in one place.",
    next: [act("Leave one of them out")],
  });
}

/** One way for options and environment, so that both are judged alike. */
function asSettings(chosen: Omit<CodexOptions, "credentials" | "env" | "log">): Partial<Record<SettingName, string>> {
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
