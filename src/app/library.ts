import * as z from "zod";
import type { CredentialStore } from "../auth/session/program-store.ts";
import { assertConfigured, loadConfig } from "../config/config.ts";
import type { Environment } from "../config/environment.ts";
import type { SettingName } from "../config/settings.ts";
import type { ReasoningEffort } from "../models/effort.ts";
import { refedClock } from "../platform/clock.ts";
import { systemHome } from "../platform/host.ts";
import { requestFields } from "../query/request/request.ts";
import { renderFix, renderNext } from "../render/next-step.ts";
import { CodexError } from "../shared/errors.ts";
import { defaultLimits } from "../shared/limits.ts";
import { act, type NextSteps } from "../shared/next-step.ts";
import { validated } from "../shared/validated.ts";
import type { Codex } from "./codex.ts";
import { composeCodex } from "./compose.ts";
import { systemRuntime } from "./runtime.ts";

/** An option that has a setting of the same meaning overrides it (DEPLOYMENT.md). */
export interface CodexOptions {
  /** The login file, an absolute path. */
  authFile?: string | undefined;
  /** Keeps the login in place of the login file, which is then neither read nor written. */
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
  /** Lets `signIn` open the browser, unless `CODEX_NO_BROWSER` forbids it. Default false: show the URL yourself. */
  openBrowser?: boolean | undefined;
  /** Settings by their environment names. Default: the environment of the process. */
  env?: Environment | undefined;
  /** Receives diagnostics, without secrets, questions or answers. */
  log?: ((area: string, message: string) => void) | undefined;
}

// The object itself is passed on, since its methods may need it.
const method = z.custom((value) => typeof value === "function");
const credentialStore = z.looseObject({ load: method, save: method });

const options = z.strictObject({
  authFile: z.string().min(1).optional(),
  credentials: z
    .custom<CredentialStore>((value) => credentialStore.safeParse(value).success, "must have the methods load and save")
    .optional(),
  stateDir: z.string().min(1).optional(),
  issuer: z.string().min(1).optional(),
  baseUrl: z.string().min(1).optional(),
  model: requestFields.model,
  reasoningEffort: requestFields.reasoningEffort,
  callbackPorts: z.array(z.number().int().min(0).max(65_535)).min(1).optional(),
  openBrowser: z.boolean().optional(),
  env: z.record(z.string(), z.string().optional()).optional(),
  log: z.custom<CodexOptions["log"]>((value) => typeof value === "function", "must be a function").optional(),
});

/**
 * A Codex client on this machine's ChatGPT login, shared with the MCP server and the command line. Nothing is read,
 * opened or sent before the first call. The process is left alone: no signal handler, nothing on stdout or stderr.
 *
 * @throws CodexError `CONFIG` for an unusable option or setting
 */
export function createCodex(given: CodexOptions = {}): Codex {
  const { env = process.env, log, credentials, openBrowser = false, ...settings } = checked(given);
  // On Windows a copy of the process's environment would know a name in one case only.
  const merged = Object.assign(Object.create(env) as Record<string, string>, asSettings(settings));
  const config = loadConfig(merged, systemHome(), credentials === undefined);
  assertConfigured(
    config,
    config.problems.map(({ area }) => area),
  );
  for (const notice of config.notices) log?.("CODEX", notice);
  const runtime = systemRuntime(defaultLimits, config);
  const overrides = {
    clock: refedClock,
    refreshCommand: undefined, // the process runs another program
    credentials,
    mayOpenBrowser: openBrowser,
    writeStderr: () => undefined,
    takeLog: log,
  };
  return composeCodex(Object.assign(runtime, overrides)).codex;
}

/** What to do about an error or a finding, as English sentences; `error.next` and `finding.fix` have it as data. */
export function describeNext(from: CodexError | NextSteps): string {
  return "code" in from ? renderNext(from, "library") : renderFix(from, "library");
}

function checked(given: CodexOptions): z.infer<typeof options> {
  const parsed = validated(options, given, "options", ({ field, verdict }) => {
    return new CodexError("CONFIG", `The options cannot be used: ${field} ${verdict}.`, {
      next: [act("Correct or leave out the option that the message names")],
    });
  });
  if (parsed.authFile === undefined || parsed.credentials === undefined) return parsed;
  throw new CodexError("CONFIG", "The options authFile and credentials exclude each other.", {
    why: "A login is kept in one place.",
    next: [act("Leave one of them out")],
  });
}

/** Options become settings, so that both pass the same checks. */
function asSettings(given: CodexOptions): Partial<Record<SettingName, string>> {
  const settings: Partial<Record<SettingName, string | undefined>> = {
    CODEX_AUTH_FILE: given.authFile,
    CODEX_STATE_DIR: given.stateDir,
    CODEX_ISSUER: given.issuer,
    CODEX_BASE_URL: given.baseUrl,
    CODEX_MODEL: given.model,
    CODEX_REASONING_EFFORT: given.reasoningEffort,
    CODEX_CALLBACK_PORTS: given.callbackPorts?.join(","),
  };
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));
}
