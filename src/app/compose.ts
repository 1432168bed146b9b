import * as z from "zod";
import { Explanations } from "../auth/explanations.ts";
import { accountLabel } from "../auth/oauth/token-set.ts";
import { signInMethods } from "../auth/sign-in/login-plan.ts";
import { listFormatOf } from "../models/list-formats.ts";
import { defaultModel } from "../models/model.ts";
import { startDetached } from "../platform/detached-process.ts";
import { foreignFolder } from "../platform/files/folder-owner.ts";
import { debugLogFile } from "../platform/log.ts";
import { portHolder, probePort } from "../platform/ports.ts";
import { uncancelled } from "../platform/promises.ts";
import { externalKinds } from "../shared/credential-kind.ts";
import { CodexError } from "../shared/errors.ts";
import { signIn, type NextSteps } from "../shared/next-step.ts";
import { redactError } from "../shared/redactor.ts";
import { validated } from "../shared/validated.ts";
import { version } from "../shared/version.ts";
import { collectStatus } from "../status/status.ts";
import type { Codex, ComposedCodex, Models, SignOutResult } from "./codex.ts";
import { createPlatform } from "./platform.ts";
import { createCredentials, createQueries } from "./queries.ts";
import type { Runtime } from "./runtime.ts";
import { createSession, type StartRefresh } from "./session.ts";
import { createSignIn } from "./sign-in.ts";

const declined: SignOutResult = {
  removed: undefined,
  forgotten: undefined,
  revoked: "skipped",
  why: undefined,
  stoppedLogin: false,
  declined: true,
};

const signInOptions = z.object({ method: z.enum(signInMethods).default("auto"), callbackUrl: z.string().optional() });
const choice = z.object({ method: z.enum(externalKinds), confirmed: z.boolean().default(false) });

/** Checks a verb's arguments: a program without types can pass anything. @throws CodexError `BAD_REQUEST` */
function checked<Schema extends z.ZodType>(
  verb: string,
  schema: Schema,
  given: unknown,
  next?: NextSteps,
): z.infer<Schema> {
  return validated(schema, given, "options", ({ field, verdict }) => {
    return new CodexError("BAD_REQUEST", `${verb}: ${field} ${verdict}.`, { why: "Nothing was changed.", field, next });
  });
}

type Parts = ReturnType<typeof createParts>;

/**
 * Composes the program. Reads, opens and sends nothing before the first call.
 *
 * @returns the verbs, which entry points use, and the parts behind them, which tests use
 */
export function composeCodex(runtime: Runtime): { codex: ComposedCodex; parts: Parts } {
  const parts = createParts(runtime);
  return { codex: createFacade(parts), parts };
}

function createParts(runtime: Runtime) {
  const { refreshCommand } = runtime;
  const platform = createPlatform(runtime);
  const start: StartRefresh | undefined =
    refreshCommand && ((args) => startDetached({ ...refreshCommand, args: [...refreshCommand.args, ...args] }));
  const session = createSession(platform, start, runtime.credentials);
  const signIn = createSignIn(platform, session);
  const credentials = createCredentials(platform, session, signIn.login);
  return { runtime, ...platform, ...session, ...signIn, credentials, ...createQueries(platform, credentials) };
}

/** The verbs over the parts. Programs print errors directly, so each verb redacts its own; the client does so itself. */
function createFacade(parts: Parts): ComposedCodex {
  const { runtime, config, clock, limits, redactor, log, folder, http, stateDir } = parts;
  const { client, credentials, catalog, quota, longAnswers, login, flow, tokens, orphanedTokens } = parts;

  const doctor: Codex["doctor"] = async ({ signal = uncancelled } = {}) => {
    // Loaded only when called: most processes never run the doctor.
    const { createDoctor } = await import("../status/doctor/index.ts");
    const portState = async (port: number) => ({ state: await probePort(port), ...(await portHolder(port)) });
    const { home, platform } = runtime;
    const findings = await createDoctor({ ...parts, home, portState, pendingLogin: () => login.pending }).examine(
      signal,
    );
    return { version, nodeVersion: process.version, platform, clientVersion: config.clientVersion, findings };
  };

  const listModels = async (signal: AbortSignal): Promise<Omit<Models, "default">> => {
    try {
      const credential = await credentials.get(signal);
      const cached = await catalog.cached(credential);
      if (cached?.fresh === true) return { ...cached, failure: undefined };
      const { list, failure } = await catalog.refresh(credential, signal);
      return { ...list, failure };
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof CodexError) || error.code === "STORAGE") throw error;
      // Without a usable credential the built-in list still shows the choices.
      return { ...listFormatOf(await credentials.current()).bundled, failure: error };
    }
  };

  const clean = <T>(error: T): T => redactError(error, redactor) as T;
  const redacted = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await work;
    } catch (error) {
      throw clean(error);
    }
  };

  return {
    query: (request, options) => client.query(request, options),
    stream: (request, options) => client.stream(request, options),
    models: async ({ signal = uncancelled } = {}) => {
      const list = await redacted(listModels(signal));
      return { ...list, failure: clean(list.failure), default: config.model ?? defaultModel(list.models)?.slug };
    },
    status: async ({ verbose = false, signal } = {}) => {
      const collecting = collectStatus({
        ...parts,
        logFile: log.file ?? (config.debug ? debugLogFile(stateDir) : undefined),
        surroundingNotices: async () => [...(await http.authorities.notices()), ...foreignNotices(stateDir)],
        details: verbose ? () => doctor({ signal }) : undefined,
      });
      const status = await redacted(collecting);
      const { trouble, failedLogin } = status;
      return {
        ...status, // with every key, in the order of --json
        trouble: typeof trouble === "string" ? redactor.redactAll(trouble) : clean(trouble),
        failedLogin: clean(failedLogin),
      };
    },
    doctor,
    signIn: async (options = {}) => {
      const { method, callbackUrl } = checked("signIn", signInOptions, options);
      const started = await redacted(callbackUrl === undefined ? login.beginOrJoin(method) : login.finish(callbackUrl));
      const { pending, ...how } = started;
      const completed = redacted(pending.completed);
      completed.catch(() => undefined); // it can fail while no call waits
      return {
        ...pending,
        ...how,
        completed,
        wait: ({ waitMs, signal = uncancelled, keepOnAbort } = {}) =>
          redacted(login.wait(started, waitMs, signal, keepOnAbort)),
        revealUserCode: () => login.revealUserCode(pending),
      };
    },
    signOut: async ({ localOnly = false, confirm, signal } = {}) => {
      if (confirm !== undefined) {
        const { tokens: stored, damaged } = await redacted(tokens.state());
        const account = stored === undefined ? "" : accountLabel(stored);
        if ((stored !== undefined || damaged) && !(await confirm(account))) return declined;
      }
      const stoppedLogin = await login.cancel("The login was cleared.");
      // If the server may not be the real one, nothing is sent.
      const unsafe = config.problems.find(({ area }) => area === "origins");
      const done = await redacted(tokens.signOut({ localOnly: localOnly || unsafe !== undefined, signal }));
      const why = !localOnly && unsafe ? `${unsafe.setting} cannot be used` : done.why;
      return { ...done, why, stoppedLogin, declined: false };
    },
    useMethod: async (method, options = {}) => {
      const next = (method as string) === "chatgpt" ? [signIn] : undefined;
      const chosen = checked("useMethod", choice, { ...options, method }, next);
      return redacted(credentials.choose(chosen.method, chosen.confirmed));
    },
    close: async () => {
      flow.close();
      await Promise.all([
        client.close().then(() => quota.flush()),
        login.cancel("The program is ending."),
        tokens.stop(),
      ]);
      await orphanedTokens.settled();
      await Promise.all([folder.flush(), http.close()]);
    },
    context: {
      config,
      clock,
      limits,
      redactor,
      log,
      longAnswers,
      explanations: new Explanations(clock),
      platform: runtime.platform,
      get timeZone() {
        return runtime.timeZone;
      },
      sessionNotices: () => [...config.notices],
      otherAccounts: () => credentials.otherAccounts(),
      storedAccount: async () => {
        const stored = await redacted(parts.store.read());
        return stored && accountLabel(stored);
      },
    },
  };
}

function foreignNotices(stateDir: string | undefined): string[] {
  const foreign = stateDir === undefined ? undefined : foreignFolder(stateDir);
  return foreign === undefined ? [] : [`${foreign}, so nothing is kept in ${stateDir ?? ""}.`];
}
