import type { CredentialKind } from "../shared/credential-kind.ts";
import type { CredentialChoice, Explanations, OtherAccount } from "../auth/chooser.ts";
import type { SignedOut } from "../auth/session/sign-out.ts";
import type { PendingLogin } from "../auth/sign-in/login-attempt.ts";
import type { LoginWait } from "../auth/sign-in/login-manager.ts";
import type { LoginReason, SignInMethod } from "../auth/sign-in/login-plan.ts";
import type { ModelList } from "../models/model.ts";
import type { QueryOptions } from "../query/client.ts";
import type { LongAnswers } from "../query/long-answers.ts";
import type { QueryRequest } from "../query/request/request.ts";
import type { QueryReply } from "../query/response/reply.ts";
import type { EventStream } from "../query/response/stream-event.ts";
import type { CodexError } from "../shared/errors.ts";
import type { DoctorReport } from "../status/finding.ts";
import type { Status } from "../status/status.ts";
import type { Platform } from "./platform.ts";
import type { Runtime } from "./runtime.ts";

/** The verbs of the program, for every entry point: MCP tools, command line and library. */
export interface Codex {
  /**
   * Asks once and waits for the whole answer.
   *
   * @throws CodexError; with `details.partialText` if part of the answer had arrived
   */
  query(request: QueryRequest, options?: QueryOptions): Promise<QueryReply>;
  /**
   * Asks once and yields the answer as it arrives. Sends nothing before the first `next`. Leaving the loop ends the
   * query and closes its connection.
   */
  stream(request: QueryRequest, options?: QueryOptions): EventStream;
  /**
   * The models of the account: live from the service, else the list last seen, else a built-in list.
   *
   * @throws CodexError `STORAGE`; or the signal's reason
   */
  models(options?: Cancellable): Promise<Models>;
  /** Who is signed in, and what is known of plan and quota. Uses the network only if `verbose`. */
  status(options?: Cancellable & { verbose?: boolean }): Promise<Status>;
  /** Runs all diagnostics. Rejects only on abort. */
  doctor(options?: Cancellable): Promise<DoctorReport>;
  /**
   * Begins a sign-in with ChatGPT, or joins the one pending in this process.
   *
   * @throws CodexError `LOGIN_PORT_BUSY`, `STORAGE`, `BAD_REQUEST` for unusable options or a callback URL of another
   *   sign-in, or the reason why no device code was issued
   */
  signIn(options?: SignInOptions): Promise<SignIn>;
  /**
   * Cancels a pending sign-in, revokes the login and removes it from this machine, whatever the server answers.
   *
   * @throws CodexError `STORAGE` if the login could not be removed
   */
  signOut(options?: SignOutOptions): Promise<SignOutResult>;
  /**
   * Explains what another credential would mean. Once `confirmed`, uses it from then on, in every process. A ChatGPT
   * login is set aside; "chatgpt" takes it up again.
   *
   * @throws CodexError `BAD_REQUEST` for another method, `AUTH_REQUIRED`, `AUTH_EXPIRED`, `STORAGE`, `CONFIG` if it can't
   *   be used
   */
  useMethod(method: CredentialKind, options?: { confirmed?: boolean }): Promise<CredentialChoice>;
  /**
   * Ends what is under way. Resolves once a refresh in flight is saved and every connection is closed. Later
   * questions and sign-ins fail as `CANCELLED`.
   */
  close(): Promise<void>;
}

interface Cancellable {
  signal?: AbortSignal | undefined;
}

export interface SignInOptions {
  /**
   * Default "auto": the browser, or a device code if no callback port is free. If a sign-in has succeeded unreported,
   * a call without method returns it, and one with any method begins another.
   */
  method?: SignInMethod | undefined;
  /** Finishes the pending browser sign-in: the URL that the browser ended at, or the code in it. */
  callbackUrl?: string | undefined;
}

export interface SignOutOptions extends Cancellable {
  /** Sends nothing to the server. */
  localOnly?: boolean | undefined;
  /** Asked first if there is a login; `account` is "" for a damaged one. */
  confirm?: ((account: string) => Promise<boolean>) | undefined;
}

export interface SignOutResult extends SignedOut {
  /** A pending sign-in was cancelled. */
  stoppedLogin: boolean;
  /** `confirm` resolved with false: nothing has changed. */
  declined: boolean;
}

/** A sign-in under way. `completed` resolves once the user has approved and the login is saved. */
export type SignIn = PendingLogin & {
  /** An earlier call began it. */
  joined: boolean;
  browserOpened: Promise<boolean>;
  /** Why it isn't the usual sign-in of a desktop. */
  reason: LoginReason | undefined;
  /** Waits at most `waitMs`; by default long enough for a user whose browser opened, else not at all. */
  wait(options?: LoginWaitOptions): Promise<LoginWait>;
  /** The device code, at the first call; then undefined. */
  revealUserCode(): string | undefined;
};

interface LoginWaitOptions extends Cancellable {
  waitMs?: number | undefined;
  /** Whether the sign-in stays pending after an abort for this reason. Default: the call that began it ends it. */
  keepOnAbort?: ((reason: unknown) => boolean) | undefined;
}

export interface Models extends ModelList {
  /** The model for requests that name none. */
  default: string | undefined;
  /** Why the list is not fresh, if fetching it failed. */
  failure: CodexError | undefined;
}

/** What MCP and the command line need beside the verbs. */
export interface CodexContext
  extends
    Pick<Platform, "config" | "clock" | "limits" | "redactor" | "log">,
    Readonly<Pick<Runtime, "platform" | "timeZone">> {
  longAnswers: Pick<LongAnswers, "fit">;
  explanations: Explanations;
  /** What each answer of this process should be followed by, a sentence each. */
  sessionNotices: () => string[];
  otherAccounts: () => Promise<readonly OtherAccount[]>;
  /**
   * The account of the stored login, which is encrypted or decrypted first if it should be; undefined if there is none.
   *
   * @throws CodexError `CONFIG` if the keyring cannot be asked, `STORAGE`, `AUTH_REQUIRED`
   */
  storedAccount: () => Promise<string | undefined>;
}

export interface ComposedCodex extends Codex {
  context: CodexContext;
}
