import { CodexError } from "../core/errors.ts";
import type { Limits } from "../core/limits.ts";
import { oneLine } from "../core/text.ts";
import type { TokenSet } from "../core/tokens.ts";
import { startCallbackServer, type AuthorizationResponse } from "../infra/callback-server.ts";
import type { Clock } from "../infra/clock.ts";
import type { Log } from "../infra/debug-log.ts";
import { deferred } from "../infra/promises.ts";
import { createPkce, createState, type Random } from "../infra/random.ts";
import type { Redactor } from "../infra/redact.ts";
import type { CodeExchangeResponse } from "../wire/oauth.ts";
import type { TokenEndpoint } from "./token-endpoint.ts";

export interface OAuthFlowDeps {
  issuer: string;
  ports: readonly number[];
  endpoint: Pick<TokenEndpoint, "authorizationUrl" | "exchangeCode">;
  /** Keeps the tokens; the browser sees success only after it. */
  save: (grant: CodeExchangeResponse) => Promise<TokenSet>;
  clock: Clock;
  random: Random;
  limits: Limits;
  redactor: Redactor;
  log: Log;
}

/** A browser login that waits for its callback. */
export interface PendingLogin {
  authorizationUrl: string;
  redirectUri: string;
  /** Epoch ms. */
  startedAt: number;
  /** When it gives up, epoch ms. */
  endsAt: number;
  /** The saved login; rejects with AUTH_DENIED, LOGIN_TIMEOUT, CANCELLED or what else went wrong. */
  completed: Promise<TokenSet>;
  /** End the login; false when it is too late, because its tokens are being saved. */
  cancel(reason: string): boolean;
}

/** The authorization code flow with PKCE for a native app (RFC 8252, docs/wire.md §1 to §3). */
export class OAuthFlow {
  readonly #deps: OAuthFlowDeps;
  readonly #pending = new Set<PendingLogin>();

  constructor(deps: OAuthFlowDeps) {
    this.#deps = deps;
  }

  /**
   * Open the callback listener and give the URL to visit. Each login has its own verifier, state
   * and listener, so several at once cannot mix.
   *
   * @throws CodexError `LOGIN_PORT_BUSY`
   */
  async begin(): Promise<PendingLogin> {
    const { issuer, ports, endpoint, clock, random, limits, redactor, log } = this.#deps;
    const { codeVerifier, codeChallenge } = createPkce(random);
    const state = createState(random);
    redactor.learn(codeVerifier);

    const outcome = deferred<TokenSet>();
    // Nobody may be waiting when it fails.
    outcome.promise.catch(() => undefined);
    const aborter = new AbortController();
    // From here on it ends by itself: a login is never both cancelled and stored.
    let saving = false;
    const server = await startCallbackServer({
      ports,
      state,
      issuer,
      redact: (text) => redactor.all(text),
      onResponse: async (response) => {
        timer.cancel();
        try {
          const code = authorizationCode(response);
          redactor.learn(code);
          const { redirectUri } = server;
          const grant = await endpoint.exchangeCode(
            { code, redirectUri, codeVerifier },
            aborter.signal,
          );
          aborter.signal.throwIfAborted();
          saving = true;
          outcome.resolve(await this.#deps.save(grant));
          log("OAUTH", "the sign-in is complete");
        } catch (error) {
          log("OAUTH", `the sign-in failed: ${String(error)}`);
          outcome.reject(error);
          throw error;
        }
      },
    });
    const end = (error: CodexError): boolean => {
      if (saving) return false;
      timer.cancel();
      aborter.abort(error);
      outcome.reject(error);
      return true;
    };
    const timer = clock.timer(limits.loginTimeoutMs, () => {
      end(new CodexError("LOGIN_TIMEOUT", "Nobody finished the sign-in in time."));
    });
    // Closed at success, failure, cancel and time-out alike.
    const closed = outcome.promise.finally(() => server.close());
    closed.catch(() => undefined);

    const startedAt = clock.now();
    log("OAUTH", `waiting for the browser on port ${server.port}`);
    const pending: PendingLogin = {
      authorizationUrl: endpoint.authorizationUrl({
        redirectUri: server.redirectUri,
        state,
        codeChallenge,
      }),
      redirectUri: server.redirectUri,
      startedAt,
      endsAt: startedAt + limits.loginTimeoutMs,
      completed: closed,
      cancel: (reason) => end(new CodexError("CANCELLED", reason)),
    };
    this.#pending.add(pending);
    const forget = (): void => {
      this.#pending.delete(pending);
    };
    closed.then(forget, forget);
    return pending;
  }

  /** End every login that still waits. */
  close(): void {
    for (const pending of this.#pending) pending.cancel("The program is ending.");
  }
}

function authorizationCode(response: AuthorizationResponse): string {
  if (response.kind === "code") return response.code;
  const { error, description } = response;
  const name = error.replace(/[^\w.-]/g, "").slice(0, 60);
  const said = oneLine(description.replace(/\p{Cf}+/gu, ""), 200);
  const notEntitled = description.includes("missing_codex_entitlement");
  throw new CodexError("AUTH_DENIED", "The sign-in was refused in the browser.", {
    why: notEntitled
      ? "Codex is switched off in this workspace."
      : `The authorization server says "${name}"${said === "" ? "" : `: ${said}`}.`,
    ...(notEntitled
      ? { next: "Ask the workspace's administrator to allow Codex, or use another account." }
      : {}),
  });
}
