import { onTestFinished } from "vitest";
import type { Credential } from "../../src/api/credential.ts";
import { chatgptApi } from "../../src/api/dialect.ts";
import type { Platform } from "../../src/app/platform.ts";
import { createQueries } from "../../src/app/queries.ts";
import type { Runtime } from "../../src/app/runtime.ts";
import type { CredentialSource } from "../../src/auth/credential-source.ts";
import { accountLabel } from "../../src/auth/oauth/token-set.ts";
import type { ModelCatalog } from "../../src/models/catalog.ts";
import type { Clock } from "../../src/platform/clock.ts";
import type { CodexClient } from "../../src/query/client.ts";
import type { QueryDefaults } from "../../src/query/request/plan.ts";
import type { QueryRequest } from "../../src/query/request/request.ts";
import type { QueryProgress, QueryReply } from "../../src/query/response/reply.ts";
import type { QuotaCache } from "../../src/quota/quota-cache.ts";
import { CodexError } from "../../src/shared/errors.ts";
import { defaultLimits, type Limits } from "../../src/shared/limits.ts";
import type { Simulator } from "../simulator/index.ts";
import { testPlatform } from "./app.ts";
import { makeHome, type Home } from "./home.ts";

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
  log?: Runtime["takeLog"];
  /** A folder to share with another rig, as two processes do. */
  home?: Home;
}

const sessionId = "11111111-2222-4333-8444-555555555555";

/** What answers codex_query in this process, with a login that needs no file. */
export interface QueryRig {
  client: CodexClient;
  catalog: ModelCatalog;
  quota: QuotaCache;
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

export function queryRig({ simulator, clock, limits, log, ...options }: RigOptions): QueryRig {
  const home = options.home ?? makeHome();
  // Without a clock of the test's own, a pause between two attempts takes no time.
  const retryBaseDelayMs = clock === undefined ? 0 : defaultLimits.retryBaseDelayMs;
  const base = testPlatform({ home, simulator, clock, limits: { retryBaseDelayMs, ...limits }, takeLog: log });
  const { idleTimeoutMs = 300_000, clientVersion = "0.169.0", defaults } = options;
  const platform: Platform = {
    ...base,
    config: { ...base.config, idleTimeoutMs, clientVersion, ...defaults },
    random: { ...base.random, fraction: () => options.fraction ?? 0, uuid: () => sessionId },
    userAgent: "codex-oauth/0.0.0 (test)",
  };
  const { client, catalog, quota } = createQueries(platform, {
    get: () => Promise.resolve(rig.login),
    sourceOf: () => ({ explain: (error: unknown) => error, replaceable: true }) as CredentialSource,
    replace: () => {
      rig.renewals++;
      if (rig.refuseRenewal) return Promise.reject(new CodexError("AUTH_EXPIRED", "The login is lost."));
      rig.login = rig.nextLogin ?? issueLogin(simulator);
      return Promise.resolve(rig.login);
    },
  });
  onTestFinished(async () => {
    await platform.http.close();
    await quota.flush();
    await new Promise((resolve) => setImmediate(resolve)); // a list that has just come begins its write
    await platform.folder.flush();
  });
  const rig: QueryRig = {
    client,
    catalog,
    quota,
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

/** A login as a request is authorized with it. */
export function issueLogin(simulator: Simulator): Credential {
  const { accessToken, ...tokens } = simulator.issueTokens({ accessExpiresInMs: 10 * 24 * 3_600_000 });
  const { accountId, email, plan, expiresAt } = tokens;
  return {
    kind: "chatgpt",
    api: chatgptApi,
    secret: accessToken,
    baseUrl: simulator.baseUrl,
    accountId,
    email,
    plan,
    expiresAt,
    fedramp: false,
    routingOverride: undefined,
    owner: accountLabel(tokens),
  };
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
