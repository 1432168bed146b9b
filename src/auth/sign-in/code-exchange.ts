import { act, either } from "../../shared/next-step.ts";
import { CodexError } from "../../shared/errors.ts";
import { oneLine } from "../../shared/text.ts";
import { raceSignal } from "../../platform/promises.ts";
import type { RefreshResponse } from "../oauth/oauth-messages.ts";
import type { AuthorizationResponse } from "./authorization-response.ts";
import { invalidCallback, type LoginAttempt } from "./login-attempt.ts";

/** Completes a login with one authorization response, whether the browser brings it or it is pasted. */
export class CodeExchange {
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
