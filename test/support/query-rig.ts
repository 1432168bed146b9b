import { onTestFinished } from "vitest";
import { defaultLimits, type Limits } from "../../src/shared/limits.ts";
import type { QueryDefaults } from "../../src/query/request/plan.ts";
import type { QueryProgress } from "../../src/query/response/reply.ts";
import type { QueryReply } from "../../src/query/response/reply.ts";
import type { QueryRequest } from "../../src/query/request/request.ts";
import { CodexError } from "../../src/shared/errors.ts";
import type { Credential } from "../../src/api/credential.ts";
import { systemClock, type Clock } from "../../src/platform/clock.ts";
import { silentLog, type Log } from "../../src/platform/log.ts";
import { Http } from "../../src/http/http.ts";
import { systemRandom } from "../../src/platform/random.ts";
import { Redactor } from "../../src/shared/redactor.ts";
import { StateFolder } from "../../src/platform/files/state-folder.ts";
import { CodexClient, type CodexClientDeps } from "../../src/query/client.ts";
import { ModelCatalog } from "../../src/models/catalog.ts";
import { QuotaMemory } from "../../src/quota/quota-cache.ts";
import { ResponsesEndpoint } from "../../src/query/responses-endpoint.ts";
import type { CredentialSource } from "../../src/auth/credential-source.ts";
import { chatgptCredential } from "../../src/auth/chatgpt.ts";
import type { Simulator } from "../simulator/index.ts";
import { makeHome, type Home } from "./home.ts";
import { temporaries } from "./state.ts";

export interface RigOptions {
  simulator: Simulator;
  clock?: Clock;
  limits?: Partial<Limits>;
  idleTimeoutMs?: number;
  clientVersion?: string;
  defaults?: Partial<QueryDefaults>;
  /** What the jitter of a retry sees; in [0, 1). */
  fraction?: number;
  /** Sees the diagnostics. */
  log?: Log;
  /** A folder to share with another rig, as two processes do. */
  home?: Home;
}

/** The services behind codex_query in this process, with a login that needs no file. */
export interface QueryRig {
  client: CodexClient;
  catalog: ModelCatalog;
  quota: QuotaMemory;
  http: Http;
  home: Home;
  /** The present login; a test may replace it. */
  login: Credential;
  /** How often the API's refusal of a token led to another one. */
  renewals: number;
  /** The login cannot be replaced. */
  refuseRenewal: boolean;
  /** What replaces a refused login; one of the same account where it is not set. */
  nextLogin: Credential | undefined;
  ask(request?: Partial<QueryRequest>, signal?: AbortSignal): Asked;
}

/** A question under way. */
export interface Asked {
  reply: Promise<QueryReply>;
  progress: QueryProgress[];
  /** The first progress of a kind, already there or to come. */
  told<T extends QueryProgress["type"]>(type: T): Promise<Extract<QueryProgress, { type: T }>>;
  /** The first progress that satisfies a condition. */
  reached(accepts: (step: QueryProgress) => boolean): Promise<QueryProgress>;
}

export function queryRig(options: RigOptions): QueryRig {
  const { simulator, clock = systemClock, clientVersion = "0.169.0", log = silentLog } = options;
  // Without a clock of the test's own, a pause between two attempts takes no time.
  const limits: Limits = {
    ...defaultLimits,
    ...(options.clock === undefined ? { retryBaseDelayMs: 0 } : {}),
    ...options.limits,
  };
  const home = options.home ?? makeHome();
  const folder = new SettlingFolder(home.stateDir, temporaries());
  const http = new Http({
    clock,
    log,
    proxy: { httpProxy: undefined, httpsProxy: undefined, noProxy: undefined },
  });
  onTestFinished(async () => {
    await http.close();
    await folder.settled();
  });
  const api = { userAgent: "codex-oauth/0.0.0 (test)", clientVersion };
  const credentials: CodexClientDeps["credentials"] = {
    get: () => Promise.resolve(rig.login),
    sourceOf: () => ({ explain: (error: unknown) => error, replaceable: true }) as CredentialSource,
    replace: () => {
      rig.renewals++;
      if (rig.refuseRenewal) {
        return Promise.reject(new CodexError("AUTH_EXPIRED", "The login is lost."));
      }
      rig.login = rig.nextLogin ?? issueLogin(simulator);
      return Promise.resolve(rig.login);
    },
  };
  const catalog = new ModelCatalog({
    credentials,
    clientVersion,
    folder,
    http,
    headers: (credential) => credential.api.headers(credential, api),
    clock,
    limits,
    log,
  });
  const quota = new QuotaMemory(folder);
  const client = new CodexClient({
    credentials,
    catalog,
    endpoint: new ResponsesEndpoint({
      ...api,
      sessionId: "11111111-2222-4333-8444-555555555555",
      idleTimeoutMs: options.idleTimeoutMs ?? 300_000,
      http,
      clock,
      limits,
    }),
    quota,
    defaults: { model: undefined, reasoningEffort: undefined, ...options.defaults },
    clock,
    random: { ...systemRandom, fraction: () => options.fraction ?? 0 },
    limits,
    redactor: new Redactor(),
    log,
  });
  const rig: QueryRig = {
    client,
    catalog,
    quota,
    http,
    home,
    login: issueLogin(simulator),
    renewals: 0,
    refuseRenewal: false,
    nextLogin: undefined,
    ask: (request = {}, signal = new AbortController().signal) =>
      ask(client, { prompt: "What is a lock?", ...request }, signal),
  };
  return rig;
}

/** Knows when the writes in the background are over: the folder is removed after the test. */
class SettlingFolder extends StateFolder {
  readonly #writes: Promise<boolean>[] = [];

  override write(name: string, content: unknown): Promise<boolean> {
    const write = super.write(name, content);
    this.#writes.push(write);
    return write;
  }

  async settled(): Promise<void> {
    for (let seen = -1; seen < this.#writes.length;) {
      seen = this.#writes.length;
      await Promise.all(this.#writes);
      await new Promise((resolve) => setImmediate(resolve)); // one may begin when another is over
    }
  }
}

/** A login as a request is authorized with it. */
export function issueLogin(simulator: Simulator): Credential {
  const tokens = simulator.issueTokens({ accessExpiresInMs: 10 * 24 * 3_600_000 });
  const origins = { issuer: simulator.issuer, apiOrigin: new URL(simulator.baseUrl).origin };
  return chatgptCredential({ ...tokens, ...origins, generation: 1 }, simulator.baseUrl);
}

function ask(client: CodexClient, request: QueryRequest, signal: AbortSignal): Asked {
  const progress: QueryProgress[] = [];
  const listeners = new Set<(step: QueryProgress) => void>();
  const reply = client.query(request, {
    signal,
    onProgress: (step) => {
      progress.push(step);
      for (const listener of listeners) listener(step);
    },
  });
  reply.catch(() => undefined); // a test may look at the failure later
  const reached = (accepts: (step: QueryProgress) => boolean): Promise<QueryProgress> =>
    new Promise((resolve, reject) => {
      const take = (step: QueryProgress): void => {
        if (accepts(step)) resolve(step);
      };
      progress.forEach(take);
      listeners.add(take);
      reply.then(
        () => {
          reject(new Error("the query ended without this progress"));
        },
        (error: unknown) => {
          reject(error);
        },
      );
    });
  return {
    reply,
    progress,
    told: (type) => {
      type Told = Extract<QueryProgress, { type: typeof type }>;
      return reached((step) => step.type === type) as Promise<Told>;
    },
    reached,
  };
}
