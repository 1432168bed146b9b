import * as z from "zod";
import type { CredentialStore } from "../auth/session/program-store.ts";
import { acceptedValues, assertConfigured, loadConfig, type Config } from "../config/config.ts";
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

const correctOption = act("Correct or leave out the option that the message names");

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
  assertUsable(settings, config);
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
      next: [correctOption],
    });
  });
  if (parsed.authFile === undefined || parsed.credentials === undefined) return parsed;
  throw new CodexError("CONFIG", "The options authFile and credentials exclude each other.", {
    why: "A login is kept in one place.",
    next: [act("Leave one of them out")],
  });
}

/** The setting that each option overrides. */
const settingOf = {
  authFile: "CODEX_AUTH_FILE",
  stateDir: "CODEX_STATE_DIR",
  issuer: "CODEX_ISSUER",
  baseUrl: "CODEX_BASE_URL",
  model: "CODEX_MODEL",
  reasoningEffort: "CODEX_REASONING_EFFORT",
  callbackPorts: "CODEX_CALLBACK_PORTS",
} as const satisfies Partial<Record<keyof CodexOptions, SettingName>>;

type SettingOptions = Pick<CodexOptions, keyof typeof settingOf>;

/** The settings that options override, each with its option. */
function overridden(given: SettingOptions): [keyof SettingOptions, SettingName][] {
  const options = Object.keys(settingOf) as (keyof SettingOptions)[];
  return options.filter((option) => given[option] !== undefined).map((option) => [option, settingOf[option]]);
}

/** Options become settings, so that both pass the same checks. */
function asSettings(given: SettingOptions): Environment {
  return Object.fromEntries(overridden(given).map(([option, setting]) => [setting, String(given[option])]));
}

/** @throws CodexError `CONFIG` for the first setting that can't be used, if it came from an option */
function assertUsable(given: SettingOptions, { problems: [problem] }: Config): void {
  const [option] = overridden(given).find(([, setting]) => setting === problem?.setting) ?? [];
  if (problem === undefined || option === undefined) return;
  throw new CodexError("CONFIG", `The option ${option} cannot be used: ${problem.message}`, {
    why: inOptions(acceptedValues(problem.setting)),
    next: [correctOption],
  });
}

/** The text with the options' names in place of their settings'. */
function inOptions(text: string): string {
  return Object.entries(settingOf).reduce((left, [option, setting]) => left.replaceAll(setting, option), text);
}
