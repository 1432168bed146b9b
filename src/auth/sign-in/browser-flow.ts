import { CodexError, programEnds } from "../../shared/errors.ts";
import { act, either } from "../../shared/next-step.ts";
import type { Limits } from "../../shared/limits.ts";
import { oneLine } from "../../shared/text.ts";
import type { TokenSet } from "../oauth/token-set.ts";
import { readAuthorizationResponse, type AuthorizationResponse } from "./authorization-response.ts";
import { startCallbackServer } from "./callback/server.ts";
import type { Clock } from "../../platform/clock.ts";
import type { Log } from "../../platform/log.ts";
import { portHolder } from "../../platform/ports.ts";
import { createPkce, createState, type Random } from "../../platform/random.ts";
import type { Redactor } from "../../shared/redactor.ts";
import { parseCallbackInput } from "./callback-input.ts";
import type { CodeExchangeResponse } from "../oauth/oauth-messages.ts";
import { LoginAttempt, type BrowserLogin, type LoginAttemptDeps } from "./login-attempt.ts";
import type { TokenEndpoint } from "../oauth/token-endpoint.ts";

export interface OAuthFlowDeps {
  issuer: string;
  ports: readonly number[];
  endpoint: Pick<TokenEndpoint, "authorizationUrl" | "exchangeCode">;
  /** Keeps the tokens; the browser sees success only after it. */
  save: (grant: CodeExchangeResponse) => Promise<TokenSet>;
  /** Rejects when tokens could not be kept: found out before a person has approved. */
  rehearse: () => Promise<void>;
  orphanedTokens: LoginAttemptDeps["orphanedTokens"];
  clock: Clock;
  random: Random;
  limits: Limits;
  redactor: Redactor;
  log: Log;
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
   * Open the callback listener and give the URL to visit. Each login has its own verifier, state
   * and listener, so several at once cannot mix.
   *
   * @throws CodexError `LOGIN_PORT_BUSY`, `STORAGE`, `CANCELLED` after `close`
   */
  async begin(): Promise<BrowserLogin> {
    const { issuer, ports, endpoint, rehearse, random, redactor, log } = this.#deps;
    const { signal: ending } = this.#closing;
    ending.throwIfAborted();
    await rehearse();
    ending.throwIfAborted();
    const { codeVerifier, codeChallenge } = createPkce(random);
    const state = createState(random);
    redactor.addSecrets(codeVerifier);

    let decided: Promise<void> | undefined;
    // One exchange, whether the browser or the person brings the answer first.
    const decide = (response: AuthorizationResponse): Promise<void> =>
      (decided ??= run.complete(async (signal) => {
        const code = authorizationCode(response);
        redactor.addSecrets(code);
        const { redirectUri } = server;
        return endpoint.exchangeCode({ code, redirectUri, codeVerifier }, signal);
      }));
    const server = await startCallbackServer({
      ports,
      state,
      issuer,
      redact: (text) => redactor.redactAll(text),
      holderOf: portHolder,
      onResponse: decide,
    });
    if (ending.aborted) {
      await server.close();
      throw ending.reason;
    }
    const run = this.#run();
    // Closed at success, failure, cancel and time-out alike.
    const closed = run.completed.finally(() => server.close());
    closed.catch(() => undefined);

    log("OAUTH", `waiting for the browser on port ${server.port}`);
    const pending: BrowserLogin = {
      method: "browser",
      authorizationUrl: endpoint.authorizationUrl({
        redirectUri: server.redirectUri,
        state,
        codeChallenge,
      }),
      redirectUri: server.redirectUri,
      startedAt: run.startedAt,
      endsAt: run.endsAt,
      completed: closed,
      finish: (pasted) => {
        decide(this.#readPasted(pasted, state)).catch(() => undefined);
      },
      cancel: (reason) => run.end(new CodexError("CANCELLED", reason)),
    };
    this.#pending.add(pending);
    const forget = (): void => {
      this.#pending.delete(pending);
    };
    closed.then(forget, forget);
    return pending;
  }

  /** End every login that still waits; none begins any more. */
  close(): void {
    this.#closing.abort(programEnds());
    for (const pending of this.#pending) pending.cancel("The program is ending.");
  }

  #run(): LoginAttempt {
    const { clock, limits, save, orphanedTokens, log } = this.#deps;
    return new LoginAttempt({
      clock,
      timeoutMs: limits.loginTimeoutMs,
      timeoutError: () => new CodexError("LOGIN_TIMEOUT", "Nobody finished the sign-in in time."),
      save,
      orphanedTokens,
      log,
    });
  }

  #readPasted(pasted: string, state: string): AuthorizationResponse {
    const { issuer, redactor } = this.#deps;
    const input = parseCallbackInput(pasted);
    if (input === undefined) {
      throw notTheAnswer("What was pasted is neither the URL nor the code of a sign-in.");
    }
    if (input.bare && input.query.get("code") === state) {
      throw notTheAnswer("What was pasted is the state of the sign-in, not its code.");
    }
    redactor.addSecrets(...input.query.getAll("code"));
    const { query, bare } = input;
    const response = readAuthorizationResponse(query, {
      state: bare ? undefined : state,
      issuer,
    });
    if (typeof response === "string") throw notTheAnswer(response);
    return response;
  }
}

function notTheAnswer(message: string): CodexError {
  return new CodexError("BAD_REQUEST", message, {
    why: "Nothing was changed: the sign-in goes on waiting.",
    next: [act("Copy the whole URL from the browser's address bar after the approval"), { do: "paste-callback-url" }],
  });
}

function authorizationCode(response: AuthorizationResponse): string {
  if (response.kind === "code") return response.code;
  const { error, description } = response;
  const name = error.replace(/[^\w.-]/g, "").slice(0, 60);
  const said = oneLine(description.replace(/\p{Cf}+/gu, ""), 200).replace(/\.+$/, "");
  const notEntitled = description.includes("missing_codex_entitlement");
  throw new CodexError("AUTH_DENIED", "The sign-in was refused in the browser.", {
    why: notEntitled
      ? "Codex is switched off in this workspace."
      : `The authorization server says "${name}"${said === "" ? "" : `: ${said}`}.`,
    ...(notEntitled
      ? {
          next: [either(act("Ask the workspace's administrator to allow Codex"), act("Use another account"))],
        }
      : {}),
  });
}
