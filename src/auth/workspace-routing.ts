import type { Credential } from "../api/credential.ts";
import { toApiError } from "../api/api-error.ts";
import { toApiErrorInfo } from "../api/error-body.ts";
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
import type { CredentialReplacer } from "./credential-source.ts";
import type { TokenSet } from "./oauth/token-set.ts";
import type { LoginStore } from "./session/token-store.ts";

/** The credential with the workspace's origin and override; unchanged if the origin is not accepted. */
function applyRouting(credential: Credential, routing: WorkspaceRouting): Credential {
  const baseUrl = acceptedBase(routing.origin, credential.baseUrl);
  if (baseUrl === undefined) return credential;
  return { ...credential, baseUrl, routingOverride: overrideHeader(routing) };
}

/** The credential with the routing that is stored with its login; undefined if there is none. */
export function withCachedRouting(credential: Credential, login: TokenSet): Credential | undefined {
  if (!isRoutedPlan(credential.plan) || !mayBeRouted(credential.baseUrl)) return undefined;
  const cached = cachedRouting(login);
  const usable = cached !== undefined && acceptedBase(cached.origin, credential.baseUrl) !== undefined;
  return usable ? applyRouting(credential, cached) : undefined;
}

interface WorkspaceRoutesDeps {
  http: Pick<Http, "fetchText">;
  headers: (credential: Credential) => Record<string, string>;
  store: Pick<LoginStore, "update">;
  clock: Clock;
  limits: Limits;
  log: Log;
}

/**
 * Looks up which origin a workspace's requests go to (docs/wire.md §8), once for each login of a plan that can have
 * one, and stores the answer with the login. Without an answer no query is sent: see
 * docs/decisions.md#no-routing-no-question.
 */
export class WorkspaceRoutes {
  readonly #deps: WorkspaceRoutesDeps;
  /** By account and login: the Codex CLI's file is never written, and a write of the auth file can fail. */
  readonly #known = new Map<string, WorkspaceRouting>();
  readonly #pending = new Map<string, Promise<WorkspaceRouting>>();

  constructor(deps: WorkspaceRoutesDeps) {
    this.#deps = deps;
  }

  /**
   * The credential with the workspace's origin and override in it.
   *
   * @param login the stored login that it comes from, if any; the answer is stored with it
   * @throws CodexError `AUTH_EXPIRED` if the service rejects the login; `UPSTREAM`, `NETWORK`, `TIMEOUT`, `PROTOCOL`
   *   without an answer; or the signal's reason
   */
  async route(credential: Credential, login: TokenSet | undefined, signal: AbortSignal): Promise<Credential> {
    const { accountId, plan, baseUrl } = credential;
    if (accountId === undefined || !isRoutedPlan(plan) || !mayBeRouted(baseUrl)) return credential;
    const cached = login && withCachedRouting(credential, login);
    if (cached !== undefined) return cached;
    const key = `${baseUrl} ${accountId} ${login?.generation ?? credential.kind}`;
    const known = this.#known.get(key);
    if (known !== undefined) return applyRouting(credential, known);
    return applyRouting(credential, await raceSignal(this.#once(key, credential, login), signal));
  }

  /** As `route`, but replaces a rejected credential: this may be the first request that is sent with it. */
  async routeOrReplace(
    replacer: CredentialReplacer,
    credential: Credential,
    login: TokenSet | undefined,
    signal: AbortSignal,
  ): Promise<Credential> {
    try {
      return await this.route(credential, login, signal);
    } catch (error) {
      if (!(error instanceof CodexError) || error.code !== "AUTH_EXPIRED") throw error;
      return replacer.replace(credential, signal);
    }
  }

  #once(key: string, credential: Credential, login: TokenSet | undefined): Promise<WorkspaceRouting> {
    const pending = this.#pending.get(key);
    if (pending !== undefined) return pending;
    const routing = this.#lookUp(key, credential, login).finally(() => this.#pending.delete(key));
    routing.catch(() => undefined); // every caller may have been cancelled
    this.#pending.set(key, routing);
    return routing;
  }

  async #lookUp(key: string, credential: Credential, login: TokenSet | undefined): Promise<WorkspaceRouting> {
    const routing = await this.#fetch(credential);
    this.#known.set(key, routing);
    if (login !== undefined) await this.#store(login, routing);
    return routing;
  }

  async #fetch(credential: Credential): Promise<WorkspaceRouting> {
    const { http, headers, clock, limits, log } = this.#deps;
    const url = `${credential.baseUrl}/wham/accounts/check`;
    const response = await http.fetchText(
      { method: "GET", url, headers: { ...headers(credential), accept: "application/json" } },
      { maxBytes: limits.maxTokenResponseBytes, timeoutMs: limits.apiRequestTimeoutMs },
    );
    const info = toApiErrorInfo(response.status, response.headers, response.text, clock.now());
    if (response.status !== 200 || info.html) throw routingUnknown(toApiError(info));
    const routing = routingOf(parseJson(response.text), credential.accountId ?? "");
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

  /** Stores the answer with its login, unless another login was stored meanwhile. */
  async #store({ generation, accountId }: TokenSet, routing: WorkspaceRouting): Promise<void> {
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
