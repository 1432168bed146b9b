import { join } from "node:path";
import type { ExternalKind } from "../api/credential.ts";
import type { CredentialChoice } from "../auth/chooser.ts";
import { accountLabel } from "../auth/oauth/token-set.ts";
import type { SignedOut } from "../auth/session/sign-out.ts";
import type { LoginReason, SignInMethod } from "../auth/sign-in/login-plan.ts";
import type { PendingLogin } from "../auth/sign-in/login-attempt.ts";
import type { LoginWait } from "../auth/sign-in/login-manager.ts";
import { listFormatOf } from "../models/list-formats.ts";
import { defaultModel, type ModelList } from "../models/model.ts";
import { startDetached } from "../platform/detached-process.ts";
import { foreignFolder } from "../platform/files/folder-owner.ts";
import { portHolder, probePort } from "../platform/ports.ts";
import type { QueryOptions } from "../query/client.ts";
import type { LongAnswers } from "../query/long-answers.ts";
import type { QueryRequest } from "../query/request/request.ts";
import type { QueryReply } from "../query/response/reply.ts";
import type { EventStream } from "../query/response/stream-event.ts";
import { CodexError } from "../shared/errors.ts";
import { version } from "../shared/version.ts";
import type { DoctorReport } from "../status/finding.ts";
import { collectStatus } from "../status/status.ts";
import type { Status } from "../status/status-report.ts";
import { createPlatform, type Platform } from "./platform.ts";
import { createCredentials, createQueries } from "./queries.ts";
import type { Runtime } from "./runtime.ts";
import { createSession } from "./session.ts";
import { createSignIn } from "./sign-in.ts";

/** What this program can do, for every entry point: MCP tools, command line and library. */
export interface Codex {
  /**
   * Asks once and waits for the whole answer.
   *
   * @throws CodexError; with `details.partialText` if a part of the answer had come
   */
  query(request: QueryRequest, options?: QueryOptions): Promise<QueryReply>;
  /**
   * Asks once and gives the answer as it comes. Sends nothing before the first `next`. Leaving the loop
   * ends the query and closes its connection.
   */
  stream(request: QueryRequest, options?: QueryOptions): EventStream;
  /**
   * The models of the account: as the service lists them now, else as they were last seen, else a
   * built-in list.
   *
   * @throws CodexError `STORAGE`; or the signal's reason
   */
  models(options?: Cancellable): Promise<Models>;
  /** Who is signed in, and what is known of plan and quota. Uses the network only if `verbose`. */
  status(options?: Cancellable & { verbose?: boolean }): Promise<Status>;
  /** Looks for everything that may keep a question from its answer. Rejects only on abort. */
  doctor(options?: Cancellable): Promise<DoctorReport>;
  /**
   * Begins a sign-in with ChatGPT, or joins the one that waits in this process.
   *
   * @throws CodexError `LOGIN_PORT_BUSY`, `STORAGE`, `BAD_REQUEST` for a callback URL of another
   *   sign-in, or why no device code could be had
   */
  signIn(options?: SignInOptions): Promise<SignIn>;
  /**
   * Cancels a sign-in that waits, revokes the login and removes it here, whatever the server answers.
   *
   * @throws CodexError `STORAGE` if the login could not be removed
   */
  signOut(options?: SignOutOptions): Promise<SignOutResult>;
  /**
   * Explains what another credential would mean, or, once `confirmed`, signs out of ChatGPT and uses it
   * from now on, in every window.
   *
   * @throws CodexError `AUTH_REQUIRED`, `AUTH_EXPIRED`, `STORAGE`, `CONFIG` if it can't be used here
   */
  useMethod(method: ExternalKind, options?: { confirmed?: boolean }): Promise<CredentialChoice>;
  /**
   * Ends what is under way. Resolves once a refresh that was sent is saved and every connection is
   * closed; what is asked from then on fails as `CANCELLED`.
   */
  close(): Promise<void>;
}

interface Cancellable {
  signal?: AbortSignal | undefined;
}

export interface SignInOptions {
  /** Default "auto": the browser, or a device code if the browser cannot come back. */
  method?: SignInMethod | undefined;
  /** Finishes the browser sign-in that waits: the URL that the browser ended at, or the code in it. */
  callbackUrl?: string | undefined;
}

export interface SignOutOptions extends Cancellable {
  /** Sends nothing to the server. */
  localOnly?: boolean | undefined;
  /** Asked first if there is a login; "" stands for a damaged one. */
  confirm?: ((account: string) => Promise<boolean>) | undefined;
}

export interface SignOutResult extends SignedOut {
  /** A sign-in that waited was cancelled. */
  stoppedLogin: boolean;
  /** `confirm` said no: nothing has changed. */
  declined: boolean;
}

/** A sign-in under way. `completed` resolves once the user has approved and the login is saved. */
export type SignIn = PendingLogin & {
  /** An earlier call began it. */
  joined: boolean;
  browserOpened: Promise<boolean>;
  /** Why it isn't the usual sign-in of a desktop. */
  reason: LoginReason | undefined;
  /** Waits at most `waitMs`, by default long enough for a user whose browser opened, else not at all. */
  wait(waitMs: number | undefined, signal: AbortSignal): Promise<LoginWait>;
  /** The device code, the first time; then undefined. */
  revealUserCode(): string | undefined;
};

export interface Models extends ModelList {
  /** The model that a question without one goes to. */
  default: string | undefined;
  /** Why the list is not fresh, if asking for it failed. */
  failure: CodexError | undefined;
}

/** What entry points need beside the verbs. */
export interface CodexContext extends Pick<Platform, "config" | "clock" | "limits" | "redactor" | "log"> {
  /** IANA name; times are shown in it. */
  readonly timeZone: string;
  /** "linux 6.1.0; x64" */
  platform: string;
  longAnswers: Pick<LongAnswers, "fit">;
  /** What each answer of this process should be followed by, a sentence each. */
  sessionNotices: () => string[];
  /** The masked account of the Codex CLI's login, if it could be used. */
  codexCliAccount: () => Promise<string | undefined>;
}

export interface ComposedCodex extends Codex {
  context: CodexContext;
}

const declined: SignOutResult = {
  removed: undefined,
  forgotten: undefined,
  revoked: "skipped",
  why: undefined,
  stoppedLogin: false,
  declined: true,
};

const uncancelled = new AbortController().signal;

/** Composes the program. Reads, opens and sends nothing before the first call. */
export function composeCodex(runtime: Runtime): ComposedCodex {
  return createFacade(runtime, createParts(runtime));
}

export type Parts = ReturnType<typeof createParts>;

// eslint-disable-next-line @typescript-eslint/explicit-module-boundary-types -- `Parts` is its type
export function createParts(runtime: Runtime) {
  const platform = createPlatform(runtime);
  const { refreshCommand } = runtime;
  const session = createSession(
    platform,
    refreshCommand && ((events) => startDetached(refreshCommand, events)),
    runtime.credentials,
  );
  const signIn = createSignIn(platform, session);
  const credentials = createCredentials(platform, session, signIn.login);
  return { ...platform, ...session, ...signIn, credentials, ...createQueries(platform, credentials) };
}

/** The verbs over the parts. */
export function createFacade(runtime: Runtime, parts: Parts): ComposedCodex {
  const { config, clock, limits, redactor, log, folder, http, stateDir } = parts;
  const { client, credentials, quota, longAnswers, login, flow, tokens, orphanedTokens } = parts;
  const doctor: Codex["doctor"] = async ({ signal = uncancelled } = {}) => {
    // Loaded only here: most processes never ask for it.
    const { createDoctor } = await import("../status/doctor/index.ts");
    const portState = async (port: number) => ({
      state: await probePort(port),
      ...(await portHolder(port)),
    });
    const { home, platform } = runtime;
    const pendingLogin = (): PendingLogin | undefined => login.pending;
    const findings = await createDoctor({ ...parts, home, portState, pendingLogin }).examine(signal);
    const { clientVersion } = config;
    return { version, nodeVersion: process.version, platform, clientVersion, findings };
  };
  return {
    query: (request, options) => client.query(request, options),
    stream: (request, options) => client.stream(request, options),
    models: async ({ signal = uncancelled } = {}) => {
      const { list, failure } = await listModels(parts, signal);
      return { ...list, default: config.model ?? defaultModel(list.models)?.slug, failure };
    },
    status: ({ verbose = false, signal = uncancelled } = {}) =>
      collectStatus({
        ...parts,
        logFile: log.file ?? (config.debug && stateDir !== undefined ? join(stateDir, "debug.log") : undefined),
        surroundingNotices: async () => [...(await http.authorities.notices()), ...foreignNotices(stateDir)],
        details: verbose ? () => doctor({ signal }) : undefined,
      }),
    doctor,
    signIn: async ({ method = "auto", callbackUrl } = {}) => {
      const started = callbackUrl === undefined ? await login.beginOrJoin(method) : await login.finish(callbackUrl);
      const { pending, ...how } = started;
      return {
        ...pending,
        ...how,
        wait: (waitMs, signal) => login.wait(started, waitMs, signal),
        revealUserCode: () => login.revealUserCode(pending),
      };
    },
    signOut: async ({ localOnly = false, confirm, signal } = {}) => {
      if (confirm !== undefined) {
        const { tokens: stored, damaged } = await tokens.state();
        const account = stored === undefined ? "" : accountLabel(stored);
        if ((stored !== undefined || damaged) && !(await confirm(account))) return declined;
      }
      const stoppedLogin = await login.cancel("The login was cleared.");
      // If the server may not be the real one, nothing is sent.
      const unsafe = config.problems.find(({ area }) => area === "origins");
      const done = await tokens.signOut({ localOnly: localOnly || unsafe !== undefined, signal });
      const why = !localOnly && unsafe ? `${unsafe.setting} cannot be used` : done.why;
      return { ...done, why, stoppedLogin, declined: false };
    },
    useMethod: (method, { confirmed = false } = {}) => credentials.choose(method, confirmed),
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
      platform: runtime.platform,
      get timeZone() {
        return runtime.timeZone;
      },
      sessionNotices: () => {
        const { unsavedReason } = tokens;
        const unsaved = `the refreshed login could not be saved yet: ${unsavedReason?.message ?? ""}`;
        return unsavedReason === undefined ? [...config.notices] : [...config.notices, unsaved];
      },
      codexCliAccount: () => credentials.codexCliAccount(),
    },
  };
}

async function listModels(
  { credentials, catalog }: Pick<Parts, "credentials" | "catalog">,
  signal: AbortSignal,
): Promise<{ list: ModelList; failure: CodexError | undefined }> {
  try {
    const credential = await credentials.get(signal);
    const cached = await catalog.cached(credential);
    if (cached?.fresh === true) return { list: cached, failure: undefined };
    return await catalog.refresh(credential, signal);
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof CodexError) || error.code === "STORAGE") throw error;
    // Without a usable credential the built-in list still says what there is to choose from.
    return { list: listFormatOf(await credentials.current()).bundled, failure: error };
  }
}

function foreignNotices(stateDir: string | undefined): string[] {
  const foreign = stateDir === undefined ? undefined : foreignFolder(stateDir);
  return foreign === undefined ? [] : [`${foreign}, so nothing is kept in ${stateDir ?? ""}.`];
}
