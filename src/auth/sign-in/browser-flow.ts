import { isOtherUser, portHolder } from "../../platform/ports.ts";
import { raceSignal } from "../../platform/promises.ts";
import { createPkce, createState, type Random } from "../../platform/random.ts";
import { CodexError, programEnds } from "../../shared/errors.ts";
import type { Limits } from "../../shared/limits.ts";
import { deviceSignIn, either, signIn } from "../../shared/next-step.ts";
import type { Redactor } from "../../shared/redactor.ts";
import type { RefreshResponse } from "../oauth/oauth-messages.ts";
import type { TokenEndpoint } from "../oauth/token-endpoint.ts";
import {
  authorizationCode,
  readAuthorizationResponse,
  type AuthorizationResponse,
  type InvalidPart,
} from "./authorization-response.ts";
import { parseCallbackInput } from "./callback-input.ts";
import type { CallbackHandlerOptions } from "./callback/handler.ts";
import { startCallbackServer } from "./callback/server.ts";
import { StartPage } from "./callback/start-page.ts";
import { invalidCallback, LoginAttempt, type BrowserLogin, type LoginAttemptDeps } from "./login-attempt.ts";

interface OAuthFlowDeps extends LoginAttemptDeps {
  issuer: string;
  ports: readonly number[];
  endpoint: Pick<TokenEndpoint, "authorizationUrl" | "exchangeCode">;
  /** Rejects if tokens could not be saved, so that the user learns it before approving. */
  rehearse: () => Promise<void>;
  renderPage: CallbackHandlerOptions["renderPage"];
  random: Random;
  limits: Limits;
  redactor: Redactor;
}

/** The authorization code flow with PKCE for a native app (RFC 8252, docs/wire.md §1 to §3). */
export class OAuthFlow {
  readonly #deps: OAuthFlowDeps;
  readonly #pending = new Set<BrowserLogin>();
  readonly #closing = new AbortController();

  constructor(deps: OAuthFlowDeps) {
    this.#deps = deps;
  }

  /**
   * Opens the callback listener and gives the URLs. Each login has its own verifier, states and listener, so concurrent
   * logins can't mix.
   *
   * @throws CodexError `LOGIN_PORT_BUSY`, `STORAGE`, `CANCELLED` after `close`
   */
  async begin(): Promise<BrowserLogin> {
    const { issuer, ports, endpoint, rehearse, renderPage, random, clock, limits, redactor, log } = this.#deps;
    const { signal: closing } = this.#closing;
    closing.throwIfAborted();
    await rehearse();
    closing.throwIfAborted();
    const { codeVerifier, codeChallenge } = createPkce(random);
    const state = createState(random);
    redactor.addSecrets(codeVerifier);

    const start = new StartPage({
      random,
      clock,
      lifetimeMs: limits.loginTimeoutMs,
      authorizationUrl: (itsState) => urlWith(itsState),
      onSecondOpening: () => attempt.end(openedTwice()),
    });
    const server = await startCallbackServer({
      ports,
      state,
      start,
      issuer,
      renderPage,
      holderOf: portHolder,
      isOtherUser,
      onResponse: (response, fromStart) => exchange.complete(response, fromStart ? start.openedByOne : undefined),
    });
    if (closing.aborted) {
      await server.close();
      throw closing.reason;
    }
    const { port, redirectUri, startUrl } = server;
    const urlWith = (itsState: string): string =>
      endpoint.authorizationUrl({ redirectUri, state: itsState, codeChallenge });
    const timeoutError = (): CodexError => new CodexError("LOGIN_TIMEOUT", "Nobody finished the sign-in in time.");
    const attempt = new LoginAttempt(this.#deps, limits.loginTimeoutMs, timeoutError);
    const exchange = new CodeExchange(attempt, (code, signal) => {
      redactor.addSecrets(code);
      return endpoint.exchangeCode({ code, redirectUri, codeVerifier }, signal);
    });
    const closed = attempt.completed.finally(() => {
      start.close();
      return server.close();
    });
    closed.catch(() => undefined);

    log("OAUTH", `waiting for the browser on port ${port}`);
    const pending: BrowserLogin = {
      method: "browser",
      authorizationUrl: urlWith(state),
      startUrl,
      redirectUri,
      startedAt: attempt.startedAt,
      endsAt: attempt.endsAt,
      completed: closed,
      finish: async (pasted) => {
        const { response, bare, fromStart } = this.#readPasted(pasted, state, start.state);
        if (bare && response.kind === "code") return exchange.tryCode(response.code);
        exchange.complete(response, fromStart ? start.openedByOne : undefined).catch(() => undefined);
      },
      cancel: (reason) => attempt.cancel(reason),
    };
    this.#pending.add(pending);
    const forget = (): void => {
      this.#pending.delete(pending);
    };
    closed.then(forget, forget);
    return pending;
  }

  /** Cancels every pending login; `begin` rejects from now on. */
  close(): void {
    this.#closing.abort(programEnds());
    for (const pending of this.#pending) pending.cancel("The program is ending.");
  }

  #readPasted(
    pasted: string,
    ...states: [shown: string, start: string]
  ): { response: AuthorizationResponse; bare: boolean; fromStart: boolean } {
    const { issuer, redactor } = this.#deps;
    const input = parseCallbackInput(pasted);
    if (input === undefined) {
      throw invalidCallback("What was pasted is neither the URL nor the code of a sign-in.");
    }
    const { query, bare } = input;
    if (bare && states.includes(query.get("code") ?? "")) {
      throw invalidCallback("What was pasted is the state of the sign-in, not its code.");
    }
    redactor.addSecrets(...query.getAll("code"));
    const response = readAuthorizationResponse(query, { states: bare ? undefined : states, issuer });
    if (typeof response === "string") throw invalidCallback(invalidParts[response]);
    return { response, bare, fromStart: query.get("state") === states[1] };
  }
}

/** Completes a login with one authorization response, whether the browser brings it or it is pasted. */
class CodeExchange {
  readonly #attempt: LoginAttempt;
  readonly #exchange: (code: string, signal: AbortSignal) => Promise<RefreshResponse>;
  #completion: Promise<void> | undefined;
  /** The exchange of a code that may be anything. */
  #trial: Promise<void> | undefined;

  constructor(attempt: LoginAttempt, exchange: (code: string, signal: AbortSignal) => Promise<RefreshResponse>) {
    this.#attempt = attempt;
    this.#exchange = exchange;
  }

  /** Takes the first response, once `ready` resolves; later ones get its outcome. Rejects if the login fails. */
  async complete(response: AuthorizationResponse, ready: Promise<unknown> = Promise.resolve()): Promise<void> {
    await this.#afterTrials();
    return (this.#completion ??= this.#attempt.complete(async (signal) => {
      await raceSignal(ready, this.#attempt.signal);
      return this.#exchange(authorizationCode(response), signal);
    }));
  }

  /**
   * Tries a code that came without a state, unless a response came first. Resolves if that ended the login, either way.
   *
   * @throws CodexError `BAD_REQUEST` for a refused code, or why there was no answer; the login goes on
   */
  async tryCode(code: string): Promise<void> {
    await this.#afterTrials();
    if (this.#completion !== undefined) return;
    const trial = this.#attempt.complete((signal) => this.#exchange(code, signal), "goes on if this fails");
    this.#trial = trial;
    try {
      await trial;
    } catch (error) {
      if (this.#attempt.isWaiting) throw refusedCode(error);
    } finally {
      if (!this.#attempt.isWaiting) this.#completion = trial;
      this.#trial = undefined;
    }
  }

  async #afterTrials(): Promise<void> {
    while (this.#trial !== undefined) await this.#trial.catch(() => undefined);
  }
}

function refusedCode(error: unknown): unknown {
  const refused = error instanceof CodexError && error.code === "AUTH_DENIED";
  return refused ? invalidCallback("The authorization server refused the code that was pasted.") : error;
}

const invalidParts: Readonly<Record<InvalidPart, string>> = {
  state: "State mismatch: this link does not belong to the sign-in that is waiting here.",
  issuer: "Issuer mismatch: this answer comes from another authorization server.",
  code: "The authorization code is missing, or is there twice.",
};

function openedTwice(): CodexError {
  return new CodexError("AUTH_DENIED", "Another program opened the page that begins this sign-in.", {
    why: "It may belong to another user of this machine, so nothing was saved.",
    next: [either(signIn, deviceSignIn)],
  });
}
