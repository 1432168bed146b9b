import type { SimModel } from "./models.ts";
import type { Reply, Route } from "./reply.ts";

/** The ChatGPT account behind a login. */
export interface SimAccount {
  accountId: string;
  email: string;
  plan: string;
  userId: string;
  /** In the government's cloud: its calls must say so. */
  fedramp?: boolean;
}

/** What is unknown of the real service, or varies between its answers (docs/wire.md). */
export interface SimSwitches {
  /** Listed lite models refuse the classic request shape. */
  requireLite: boolean;
  requireLiteStatus: 400 | 404;
  /**
   * Default 401 `{"detail":"Unauthorized"}`, the ChatGPT layer's own words for a request that it
   * cannot attribute. The true status is not public.
   */
  missingAccountIdStatus: 400 | 401 | 403;
  /** Instructions must be there and not empty; a leading developer item counts as instructions. */
  instructionsRequired: boolean;
  /** Model to the lowest client version that may list and use it. */
  minimumVersions: Record<string, string>;
  versionGateStyle: "not-supported" | "requires-newer" | "not-found";
  /** The catalogue of the models endpoint, and the models that exist at all. */
  models: SimModel[];
  /** Listed, but refused by the responses endpoint: listing is not permission. */
  disallowedModels: string[];
  rateLimitHeaders: Record<string, string>;
  modelsEtag: string;
  /** Refresh tokens are good for one use. */
  rotateRefreshTokens: boolean;
  omitIdTokenOnRefresh: boolean;
  /** `http://127.0.0.1:PORT/auth/callback` is a good redirect_uri too. */
  acceptLoopbackIpRedirect: boolean;
  /** Seconds between device polls; a string on the wire. */
  deviceInterval: string;
  /** What accounts/check says; the API then serves that workspace nowhere else. */
  workspaceOrigin: string;
  routingOverride: string;
  /** Names in the list of the API for keys. */
  keyModels: string[];
  /** Those of them that refuse a temperature. */
  keyModelsWithoutTemperature: string[];
}

export interface SimulatorOptions {
  /** Epoch milliseconds. */
  now?: () => number;
  /** Default 10 days. */
  tokenLifetimeMs?: number;
  account?: Partial<SimAccount>;
  switches?: Partial<SimSwitches>;
  /** Default 127.0.0.1. */
  host?: string;
}

/** One request as it came in. */
export interface RecordedRequest {
  /** 1, 2, … over both servers. */
  n: number;
  /** When its body had been read, by the simulator's clock. */
  at: number;
  server: "auth" | "api" | "workspace";
  /** Undefined for a path that does not exist. */
  route: Route | undefined;
  method: string;
  path: string;
  query: URLSearchParams;
  headers: Record<string, string>;
  rawHeaders: string[];
  body: string;
  json?: unknown;
  form?: URLSearchParams;
  closedAt?: number;
  /** `server`: the whole answer went out or the simulator broke it off; `client`: it hung up first. */
  closedBy?: "client" | "server";
  /** Resolves when the exchange is over. */
  done: Promise<void>;
}

export interface SimStats {
  /** Refreshes that gave new tokens. */
  refreshes: number;
  /** Uses of a refresh token that had been used before. */
  replays: number;
  /** Codes that were exchanged for tokens. */
  exchanges: number;
  /** Revocations of a token that we know. */
  revocations: number;
  /** Uses of a code that had been used before. */
  usedCodeAttempts: number;
  openResponses: number;
  maxOpenResponses: number;
}

/** What the person in front of the browser does. */
export type Decision = "approve" | "deny" | { error: string; description?: string };

export interface CallbackPage {
  status: number;
  headers: Record<string, string>;
  body: string;
}

export interface IssueOptions {
  /** May be negative: a token that has expired already. */
  accessExpiresInMs?: number;
  account?: Partial<SimAccount>;
  /** The access token carries no `exp`. */
  withoutExp?: boolean;
}

export interface IssuedTokens {
  accessToken: string;
  refreshToken: string;
  idToken: string;
  accountId: string;
  email: string;
  plan: string;
  /** Epoch milliseconds. */
  expiresAt: number;
}

export interface Simulator {
  /** The stand-in of https://auth.openai.com. */
  readonly issuer: string;
  /** The stand-in of https://chatgpt.com/backend-api, on a listener of its own. */
  readonly baseUrl: string;
  /** The stand-in of https://api.openai.com/v1, on the same listener. */
  readonly apiBaseUrl: string;
  /** The same API as `baseUrl` at another origin, where a workspace may be sent. */
  readonly workspaceOrigin: string;
  /** Who signs in next. */
  account: SimAccount;
  switches: SimSwitches;
  readonly requests: RecordedRequest[];
  readonly stats: SimStats;
  /** Script the next replies to a route, in order; then its other behaviour is back. */
  next(route: Route, ...replies: Reply[]): void;
  /** Replace a route's default behaviour; a function that returns undefined leaves it as it is. */
  always(route: Route, reply: Reply | ((request: RecordedRequest) => Reply | undefined)): void;
  /** What was scripted by `next` and never asked for. */
  unusedReplies(): string[];
  /** Forget scripts, requests and counts; tokens and switches stay. */
  reset(): void;
  /**
   * What the browser does up to the redirect: the Location with the code or the error.
   *
   * @throws Error with the text of the page when the server shows one instead of redirecting.
   */
  authorize(authorizationUrl: string, decision?: Decision): Promise<string>;
  /** `authorize`, then the redirect to the client's callback. */
  signIn(authorizationUrl: string, decision?: Decision): Promise<CallbackPage>;
  /** The person types the device's code in; deny makes the next poll fail for good. */
  approveDevice(userCode: string, decision?: "approve" | "deny"): void;
  /** A fresh family of tokens, as if a login had happened. */
  issueTokens(options?: IssueOptions): IssuedTokens;
  /** An API key that works; one of the secrets. */
  issueKey(): string;
  /** The newest refresh token of the family that the given one belongs to. */
  family(refreshToken: string): { current: string; revoked: boolean } | undefined;
  /** From now on the API answers 401 `token_invalidated` to it. */
  revokeAccess(accessToken: string): void;
  /** From now on the API answers 401 `token_expired` to it. */
  expireAccess(accessToken: string): void;
  /** Resolves when the count-th request on the route has been read whole. */
  waitForRequest(route: Route, count?: number): Promise<RecordedRequest>;
  /**
   * Every token, code, device id and verifier that was given out or seen: for leak searches. The
   * state is not among them; it stands in the authorization URL that people are shown.
   */
  secrets(): string[];
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}
/** One login and all that was refreshed from it. */

export interface Family {
  readonly account: SimAccount;
  readonly scope: string;
  /** The last one is the current one; the others have been used. */
  readonly refreshTokens: string[];
  readonly accessTokens: string[];
  revoked: boolean;
}
