import type { Credential } from "../api/credential.ts";
import { toApiErrorInfo } from "../api/error-body.ts";
import { toApiError } from "../api/api-error.ts";
import type { Http } from "../http/http.ts";
import type { Clock } from "../platform/clock.ts";
import type { Log } from "../platform/log.ts";
import { raceSignal } from "../platform/promises.ts";
import { CodexError } from "../shared/errors.ts";
import { act, either, signIn } from "../shared/next-step.ts";
import { parseJson } from "../shared/json.ts";
import type { Limits } from "../shared/limits.ts";
import {
  acceptedBase,
  isRoutedPlan,
  cachedRouting,
  mayBeRouted,
  overrideHeader,
  routingOf,
  type WorkspaceRouting,
} from "./accounts-check.ts";
import type { CredentialSource } from "./credential-source.ts";
import type { TokenSet } from "./oauth/token-set.ts";
import type { LoginStore } from "./session/token-store.ts";

/** The credential as the service's answer wants it; unchanged for an origin that is not accepted. */
export function applyRouting(credential: Credential, routing: WorkspaceRouting): Credential {
  const baseUrl = acceptedBase(routing.origin, credential.baseUrl);
  if (baseUrl === undefined) return credential;
  return { ...credential, baseUrl, routingOverride: overrideHeader(routing) };
}

/** The credential with the answer that was kept with its login; undefined where there is none. */
export function withCachedRouting(credential: Credential, login: TokenSet): Credential | undefined {
  if (!isRoutedPlan(credential.plan) || !mayBeRouted(credential.baseUrl)) return undefined;
  const cached = cachedRouting(login);
  if (cached === undefined || acceptedBase(cached.origin, credential.baseUrl) === undefined) {
    return undefined;
  }
  return applyRouting(credential, cached);
}

export interface WorkspaceRoutesDeps {
  http: Pick<Http, "fetchText">;
  headers: (credential: Credential) => Record<string, string>;
  store: Pick<LoginStore, "update">;
  clock: Clock;
  limits: Limits;
  log: Log;
}

/**
 * Where a workspace wants its requests (docs/wire.md §8): asked once for each login of a plan that
 * may have such a wish, and kept with the login. Without an answer nothing is asked of a model: the
 * wish may be that no data leaves a region.
 */
export class WorkspaceRoutes {
  readonly #deps: WorkspaceRoutesDeps;
  /** By account: the Codex CLI's login is not ours to write to, and a write can fail. */
  readonly #known = new Map<string, WorkspaceRouting>();
  readonly #asking = new Map<string, Promise<WorkspaceRouting>>();

  constructor(deps: WorkspaceRoutesDeps) {
    this.#deps = deps;
  }

  /**
   * The credential with the workspace's origin and override in it.
   *
   * @param login the stored login that it comes from, if any; gets the answer
   * @throws CodexError `AUTH_EXPIRED` when the service refuses the login, `UPSTREAM`, `NETWORK`,
   *   `TIMEOUT`, `PROTOCOL` when it does not tell; or the signal's reason.
   */
  async route(credential: Credential, login: TokenSet | undefined, signal: AbortSignal): Promise<Credential> {
    const { accountId, plan, baseUrl } = credential;
    if (accountId === undefined || !isRoutedPlan(plan) || !mayBeRouted(baseUrl)) return credential;
    const cached = login && withCachedRouting(credential, login);
    if (cached !== undefined) return cached;
    const key = `${baseUrl} ${accountId} ${login?.generation ?? "codex-cli"}`;
    const known = this.#known.get(key);
    if (known !== undefined) return applyRouting(credential, known);
    return applyRouting(credential, await raceSignal(this.#once(key, credential, login), signal));
  }

  /** As `route`; the question of the route may be the first one that tells that the login is refused. */
  async routeOrReplace(
    source: Pick<CredentialSource, "replace">,
    credential: Credential,
    login: TokenSet | undefined,
    signal: AbortSignal,
  ): Promise<Credential> {
    try {
      return await this.route(credential, login, signal);
    } catch (error) {
      if (!(error instanceof CodexError) || error.code !== "AUTH_EXPIRED") throw error;
      return source.replace(credential, signal);
    }
  }

  #once(key: string, credential: Credential, login: TokenSet | undefined): Promise<WorkspaceRouting> {
    const asking = this.#asking.get(key);
    if (asking !== undefined) return asking;
    const asked = this.#ask(credential)
      .then(async (routing) => {
        this.#known.set(key, routing);
        if (login !== undefined) await this.#keep(login, routing);
        return routing;
      })
      .finally(() => this.#asking.delete(key));
    asked.catch(() => undefined); // everybody who waited for it may have gone
    this.#asking.set(key, asked);
    return asked;
  }

  async #ask(credential: Credential): Promise<WorkspaceRouting> {
    const { http, headers, clock, limits, log } = this.#deps;
    const {
      status,
      headers: answered,
      text,
    } = await http.fetchText(
      {
        method: "GET",
        url: `${credential.baseUrl}/wham/accounts/check`,
        headers: { ...headers(credential), accept: "application/json" },
      },
      { maxBytes: limits.maxTokenResponseBytes, timeoutMs: limits.apiRequestTimeoutMs },
    );
    if (status !== 200) {
      throw routingUnknown(toApiError(toApiErrorInfo(status, answered, text, clock.now())));
    }
    const routing = routingOf(parseJson(text), credential.accountId ?? "");
    if (routing === undefined) {
      throw new CodexError("PROTOCOL", "The service does not tell where this workspace's questions go.", {
        why: "Its answer has no entry of a known form for this account.",
      });
    }
    if (acceptedBase(routing.origin, credential.baseUrl) === undefined) {
      log("CODEX", "the workspace's origin was refused: it is not below chatgpt.com");
      throw new CodexError("UPSTREAM", "The service names an origin that no login is sent to.", {
        why: "A workspace's origin must be https below chatgpt.com.",
        next: [
          either(act("Report it to the workspace's administrator"), [signIn, act("Approve with another account")]),
        ],
      });
    }
    return routing;
  }

  /** With the login it was asked for, unless another one was stored meanwhile. */
  async #keep({ generation, accountId }: TokenSet, routing: WorkspaceRouting): Promise<void> {
    const { store, log } = this.#deps;
    try {
      await store.update((stored) =>
        stored?.generation === generation && stored.accountId === accountId
          ? { ...stored, workspaceOrigin: routing.origin, routingOverride: routing.override }
          : undefined,
      );
    } catch (error) {
      log("TOKEN", `the workspace's origin could not be kept: ${String(error)}`);
    }
  }
}

function routingUnknown(error: CodexError): CodexError {
  if (error.code === "AUTH_EXPIRED") return error;
  return new CodexError(error.code, "The service does not tell where this workspace's questions go.", {
    ...error.details,
    cause: error,
    why: error.details.why ?? error.message,
  });
}
