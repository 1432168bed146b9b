import { portHolder } from "../../platform/ports.ts";
import { createPkce, createState, type Random } from "../../platform/random.ts";
import { CodexError, programEnds } from "../../shared/errors.ts";
import type { Limits } from "../../shared/limits.ts";
import { act, either } from "../../shared/next-step.ts";
import type { Redactor } from "../../shared/redactor.ts";
import { oneLine } from "../../shared/text.ts";
import type { TokenEndpoint } from "../oauth/token-endpoint.ts";
import { readAuthorizationResponse, type AuthorizationResponse, type InvalidPart } from "./authorization-response.ts";
import { parseCallbackInput } from "./callback-input.ts";
import type { CallbackHandlerOptions } from "./callback/handler.ts";
import { startCallbackServer } from "./callback/server.ts";
import { LoginAttempt, type BrowserLogin, type LoginAttemptDeps } from "./login-attempt.ts";

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
   * Opens the callback listener and gives the authorization URL. Each login has its own verifier, state and listener,
   * so concurrent logins can't mix.
   *
   * @throws CodexError `LOGIN_PORT_BUSY`, `STORAGE`, `CANCELLED` after `close`
   */
  async begin(): Promise<BrowserLogin> {
    const { issuer, ports, endpoint, rehearse, renderPage, random, limits, redactor, log } = this.#deps;
    const { signal: closing } = this.#closing;
    closing.throwIfAborted();
    await rehearse();
    closing.throwIfAborted();
    const { codeVerifier, codeChallenge } = createPkce(random);
    const state = createState(random);
    redactor.addSecrets(codeVerifier);

    let completion: Promise<void> | undefined;
    // One token exchange, whether the response comes from the browser or is pasted.
    const complete = (response: AuthorizationResponse): Promise<void> =>
      (completion ??= attempt.complete(async (signal) => {
        const code = authorizationCode(response);
        redactor.addSecrets(code);
        return endpoint.exchangeCode({ code, redirectUri, codeVerifier }, signal);
      }));
    const server = await startCallbackServer({
      ports,
      state,
      issuer,
      renderPage,
      holderOf: portHolder,
      onResponse: complete,
    });
    if (closing.aborted) {
      await server.close();
      throw closing.reason;
    }
    const { port, redirectUri } = server;
    const timeoutError = (): CodexError => new CodexError("LOGIN_TIMEOUT", "Nobody finished the sign-in in time.");
    const attempt = new LoginAttempt(this.#deps, limits.loginTimeoutMs, timeoutError);
    const closed = attempt.completed.finally(() => server.close());
    closed.catch(() => undefined);

    log("OAUTH", `waiting for the browser on port ${port}`);
    const pending: BrowserLogin = {
      method: "browser",
      authorizationUrl: endpoint.authorizationUrl({ redirectUri, state, codeChallenge }),
      redirectUri,
      startedAt: attempt.startedAt,
      endsAt: attempt.endsAt,
      completed: closed,
      finish: (pasted) => {
        complete(this.#readPasted(pasted, state)).catch(() => undefined);
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

  #readPasted(pasted: string, state: string): AuthorizationResponse {
    const { issuer, redactor } = this.#deps;
    const input = parseCallbackInput(pasted);
    if (input === undefined) {
      throw invalidCallback("What was pasted is neither the URL nor the code of a sign-in.");
    }
    const { query, bare } = input;
    if (bare && query.get("code") === state) {
      throw invalidCallback("What was pasted is the state of the sign-in, not its code.");
    }
    redactor.addSecrets(...query.getAll("code"));
    const response = readAuthorizationResponse(query, { state: bare ? undefined : state, issuer });
    if (typeof response === "string") throw invalidCallback(invalidParts[response]);
    return response;
  }
}

const invalidParts: Readonly<Record<InvalidPart, string>> = {
  state: "State mismatch: this link does not belong to the sign-in that is waiting here.",
  issuer: "Issuer mismatch: this answer comes from another authorization server.",
  code: "The authorization code is missing, or is there twice.",
};

function invalidCallback(message: string): CodexError {
  return new CodexError("BAD_REQUEST", message, {
    why: "Nothing was changed: the sign-in goes on waiting.",
    next: [act("Copy the whole URL from the browser's address bar after the approval"), { do: "paste-callback-url" }],
  });
}

function authorizationCode(response: AuthorizationResponse): string {
  if (response.kind === "code") return response.code;
  const { error, description } = response;
  const message = "The sign-in was refused in the browser.";
  if (description.includes("missing_codex_entitlement")) {
    throw new CodexError("AUTH_DENIED", message, {
      why: "Codex is switched off in this workspace.",
      next: [either(act("Ask the workspace's administrator to allow Codex"), act("Use another account"))],
    });
  }
  const name = error.replace(/[^\w.-]/g, "").slice(0, 60);
  const text = oneLine(description.replace(/\p{Cf}+/gu, ""), 200).replace(/\.+$/, "");
  const why = `The authorization server says "${name}"${text === "" ? "" : `: ${text}`}.`;
  throw new CodexError("AUTH_DENIED", message, { why });
}
