import * as z from "zod";
import type { Credential } from "../api/credential.ts";
import { CodexError, toCodexError } from "../shared/errors.ts";
import { retry } from "../shared/next-step.ts";
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

export interface ModelCatalogDeps {
  clientVersion: string;
  folder: StateFolder;
  http: Pick<Http, "fetchText">;
  headers: (credential: Credential) => Record<string, string>;
  credentials: Pick<CredentialChooser, "replace">;
  clock: Clock;
  limits: Limits;
  log: Log;
}

/**
 * The models of an account: live, kept on disk for when the service cannot be asked, else a bundled
 * table (docs/wire.md §15, §16).
 */
export class ModelCatalog {
  readonly #deps: ModelCatalogDeps;
  readonly #lists = new Map<string, ModelList>();
  readonly #fetching = new Map<string, Promise<ModelList>>();
  /** Fingerprints of credentials that were refused although they were just renewed. */
  readonly #rejected = new Set<string>();

  constructor(deps: ModelCatalogDeps) {
    this.#deps = deps;
  }

  /**
   * The best list without a needless wait: a fresh one, else the kept one while a new one is
   * fetched, else a fetched one, else the bundled table.
   *
   * @throws nothing but the signal's reason
   */
  async list(credential: Credential, signal: AbortSignal): Promise<ModelList> {
    const kept = await this.cached(credential);
    if (kept?.fresh === true) return kept;
    const fetched = this.#fetch(credential);
    if (kept !== undefined) return kept;
    const { bundled } = listFormatOf(credential);
    const { clock, limits } = this.#deps;
    const list = fetched.catch(() => bundled);
    return (await withTimeout(list, limits.firstCatalogWaitMs, clock, signal)) ?? bundled;
  }

  /**
   * A list fetched now, else what `list` would give, and why.
   *
   * @throws nothing but the signal's reason
   */
  async refresh(
    credential: Credential,
    signal: AbortSignal,
  ): Promise<{ list: ModelList; failure: CodexError | undefined }> {
    const { clock, limits } = this.#deps;
    const fallback = (await this.cached(credential)) ?? listFormatOf(credential).bundled;
    const instead = (failure: CodexError): { list: ModelList; failure: CodexError } => ({
      list: fallback,
      failure,
    });
    const fetched = this.#fetch(credential).then(
      (list) => ({ list, failure: undefined }),
      (error: unknown) => instead(toCodexError(error)),
    );
    const outcome = await withTimeout(fetched, limits.apiRequestTimeoutMs, clock, signal);
    return (
      outcome ??
      instead(
        new CodexError("TIMEOUT", "The model list did not come within its time.", {
          next: [retry, { do: "run-doctor" }],
        }),
      )
    );
  }

  /** What is known without the network, if anything. */
  async cached(account: Account): Promise<ModelList | undefined> {
    const key = this.#cacheKey(account);
    const list = this.#lists.get(key) ?? (await this.#load(key, account));
    if (list === undefined) return undefined;
    this.#lists.set(key, list);
    const age = this.#deps.clock.now() - list.fetchedAt;
    const fresh = age >= 0 && age < this.#deps.limits.catalogFreshMs;
    return { ...list, source: fresh ? "live" : "kept", fresh };
  }

  /** Fetch anew in the background: the service has just contradicted the list. */
  invalidate(credential: Credential): void {
    void this.#fetch(credential);
  }

  #fetch(credential: Credential): Promise<ModelList> {
    const key = this.#cacheKey(credential);
    const running = this.#fetching.get(key);
    if (running !== undefined) return running;
    const fetched = this.#request(credential, key).finally(() => this.#fetching.delete(key));
    fetched.catch(() => undefined); // often nobody waits for it
    this.#fetching.set(key, fetched);
    return fetched;
  }

  /** As with a query: one renewal of a refused login, one repetition (docs/wire.md §4). */
  async #answer(credential: Credential, key: string): Promise<TextResponse> {
    const first = await this.#send(credential);
    if (first.status !== 401 || this.#rejected.has(fingerprint(credential.secret))) return first;
    // Nobody's cancellation ends a fetch that others may wait for.
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
      const { status, headers, text } = await this.#answer(credential, key);
      if (status !== 200) throw toApiError(toApiErrorInfo(status, headers, text, clock.now()));
      const { entriesOf, toModels } = listFormatOf(credential);
      const entries = entriesOf(parseJson(text));
      const models = toModels(entries);
      // An empty list is how the service answers a client version that it does not know.
      if (models.length === 0) {
        throw new CodexError("PROTOCOL", "The model list has no usable entry.");
      }
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
    const parsed = cachedList.safeParse(await this.#deps.folder.read(fileName(key)));
    if (!parsed.success) return undefined;
    const models = listFormatOf(account).toModels(parsed.data.models);
    return models.length === 0 ? undefined : { models, source: "kept", fetchedAt: parsed.data.fetchedAt, fresh: false };
  }

  #cacheKey(account: Account): string {
    return fingerprint(`${accountKey(account)}\n${this.#deps.clientVersion}`).slice(0, 16);
  }
}

function fileName(key: string): string {
  return `models-${key}.json`;
}
