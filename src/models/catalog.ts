import * as z from "zod";
import type { Credential } from "../api/credential.ts";
import { CodexError, toCodexError } from "../shared/errors.ts";
import { retry, type NextSteps } from "../shared/next-step.ts";
import type { Limits } from "../shared/limits.ts";
import type { ModelList } from "./model.ts";
import { toApiError } from "../api/api-error.ts";
import type { Clock } from "../platform/clock.ts";
import type { Log } from "../platform/log.ts";
import type { Http, TextResponse } from "../http/http.ts";
import { withTimeout } from "../platform/promises.ts";
import { fingerprint } from "../platform/random.ts";
import type { StateFolder } from "../platform/files/state-folder.ts";
import { toApiErrorInfo } from "../api/error-body.ts";
import { parseJson } from "../shared/json.ts";
import { accountKey, type Account } from "../auth/account.ts";
import type { CredentialChooser } from "../auth/chooser.ts";
import { listFormatOf } from "./list-formats.ts";

const cachedList = z.object({ fetchedAt: z.number(), models: z.array(z.unknown()) });

interface ModelCatalogDeps {
  clientVersion: string;
  folder: StateFolder;
  http: Pick<Http, "fetchText">;
  headers: (credential: Credential) => Record<string, string>;
  credentials: Pick<CredentialChooser, "replace">;
  clock: Clock;
  limits: Limits;
  log: Log;
}

/** The models of an account: live, else cached on disk, else a bundled table (docs/wire.md §15, §16). */
export class ModelCatalog {
  readonly #deps: ModelCatalogDeps;
  readonly #lists = new Map<string, ModelList>();
  readonly #fetching = new Map<string, Promise<ModelList>>();
  /** Fingerprints of credentials that the service rejected right after their renewal. */
  readonly #rejected = new Set<string>();

  constructor(deps: ModelCatalogDeps) {
    this.#deps = deps;
  }

  /**
   * The best list without a needless wait: a fresh one, else a cached one while a new one is fetched, else a fetched
   * one, else the bundled table.
   *
   * @throws only the signal's reason
   */
  async list(credential: Credential, signal: AbortSignal): Promise<ModelList> {
    const cached = await this.cached(credential);
    if (cached?.fresh === true) return cached;
    const fetched = this.#fetch(credential);
    if (cached !== undefined) return cached;
    const { bundled } = listFormatOf(credential);
    const { clock, limits } = this.#deps;
    const list = fetched.catch(() => bundled);
    return (await withTimeout(list, limits.firstCatalogWaitMs, clock, signal)) ?? bundled;
  }

  /**
   * A list fetched now; if that fails, the cached or bundled one and the failure.
   *
   * @throws only the signal's reason
   */
  async refresh(
    credential: Credential,
    signal: AbortSignal,
  ): Promise<{ list: ModelList; failure: CodexError | undefined }> {
    const { clock, limits } = this.#deps;
    const fallback = (await this.cached(credential)) ?? listFormatOf(credential).bundled;
    try {
      const list = await withTimeout(this.#fetch(credential), limits.apiRequestTimeoutMs, clock, signal);
      if (list !== undefined) return { list, failure: undefined };
    } catch (error) {
      signal.throwIfAborted();
      return { list: fallback, failure: toCodexError(error) };
    }
    const next: NextSteps = [retry, { do: "run-doctor" }];
    const failure = new CodexError("TIMEOUT", "The model list did not come within its time.", { next });
    return { list: fallback, failure };
  }

  /** The list in memory or on disk, if there is one. Uses no network. */
  async cached(account: Account): Promise<ModelList | undefined> {
    const key = this.#cacheKey(account);
    const list = this.#lists.get(key) ?? (await this.#load(key, account));
    if (list === undefined) return undefined;
    this.#lists.set(key, list);
    const age = this.#deps.clock.now() - list.fetchedAt;
    const fresh = age >= 0 && age < this.#deps.limits.catalogFreshMs;
    return { ...list, source: fresh ? "live" : "kept", fresh };
  }

  /** Fetches anew in the background, after the service contradicted the list. */
  invalidate(credential: Credential): void {
    void this.#fetch(credential);
  }

  #fetch(credential: Credential): Promise<ModelList> {
    const key = this.#cacheKey(credential);
    const running = this.#fetching.get(key);
    if (running !== undefined) return running;
    const fetched = this.#request(credential, key).finally(() => this.#fetching.delete(key));
    fetched.catch(() => undefined); // often without a caller that waits
    this.#fetching.set(key, fetched);
    return fetched;
  }

  /** As for a query: renews a rejected login once, then repeats the request once (docs/wire.md §4). */
  async #fetchText(credential: Credential, key: string): Promise<TextResponse> {
    const first = await this.#send(credential);
    if (first.status !== 401 || this.#rejected.has(fingerprint(credential.secret))) return first;
    // Several callers may wait for this fetch, so no single caller's signal may end it.
    const renewed = await this.#deps.credentials.replace(credential, new AbortController().signal);
    if (this.#cacheKey(renewed) !== key) return first; // another account's list is not this one's
    const second = await this.#send(renewed);
    if (second.status === 401) this.#rejected.add(fingerprint(renewed.secret));
    return second;
  }

  #send(credential: Credential): Promise<TextResponse> {
    const { clientVersion, http, headers, limits } = this.#deps;
    return http.fetchText(
      {
        method: "GET",
        url: credential.api.modelsUrl(credential.baseUrl, clientVersion),
        headers: { ...headers(credential), accept: "application/json" },
      },
      { maxBytes: limits.maxCatalogBytes, timeoutMs: limits.apiRequestTimeoutMs },
    );
  }

  async #request(credential: Credential, key: string): Promise<ModelList> {
    const { folder, clock, log } = this.#deps;
    try {
      const { status, headers, text } = await this.#fetchText(credential, key);
      const info = toApiErrorInfo(status, headers, text, clock.now());
      if (status !== 200 || info.html) throw toApiError(info);
      const { entriesOf, toModels } = listFormatOf(credential);
      const entries = entriesOf(parseJson(text));
      const models = toModels(entries);
      // The service answers a client version that it does not know with an empty list.
      if (models.length === 0) throw new CodexError("PROTOCOL", "The model list has no usable entry.");
      const fetchedAt = clock.now();
      const list: ModelList = { models, source: "live", fetchedAt, fresh: true };
      this.#lists.set(key, list);
      await folder.write(fileName(key), { fetchedAt, models: entries } satisfies z.infer<typeof cachedList>);
      return list;
    } catch (error) {
      log("CODEX", `the model list could not be fetched: ${String(error)}`);
      throw error;
    }
  }

  async #load(key: string, account: Account): Promise<ModelList | undefined> {
    const { data } = cachedList.safeParse(await this.#deps.folder.read(fileName(key)));
    const models = data === undefined ? [] : listFormatOf(account).toModels(data.models);
    if (data === undefined || models.length === 0) return undefined;
    return { models, source: "kept", fetchedAt: data.fetchedAt, fresh: false };
  }

  #cacheKey(account: Account): string {
    return fingerprint(`${accountKey(account)}\n${this.#deps.clientVersion}`).slice(0, 16);
  }
}

function fileName(key: string): string {
  return `models-${key}.json`;
}
