import { higherVersion } from "../shared/semver.ts";
import { originator } from "./constants.ts";

/** The program that asks, as it names itself. */
export interface ApiClient {
  /** Our own product token and platform, never that of a browser or of another program. */
  userAgent: string;
  /** The Codex version that we report. */
  clientVersion: string;
}

/** The part of a credential that goes into headers. */
export interface Authorization {
  /** Sent as the bearer token: an access token, or an API key. */
  secret: string;
  /** Value of the `chatgpt-account-id` header; undefined with an API key. */
  accountId: string | undefined;
  /** The account is in the government's cloud (docs/wire.md §7). */
  fedramp: boolean;
  /** Value of the `x-openai-account-routing-override` header (docs/wire.md §8), if one is wanted. */
  routingOverride: string | undefined;
}

/** What a plan decides beyond the classic body; undefined leaves it to the model. */
interface Tuning {
  effort: string | undefined;
  temperature?: number | undefined;
  maxOutputTokens?: number | undefined;
}

/** How one of the two services wants to be asked. A `baseUrl` has no trailing slash. */
export interface ApiDialect {
  /** Names the form of its model list (models/list-formats.ts). */
  readonly name: "chatgpt" | "platform";
  /** Some of its models take a temperature, and all a limit of the output. */
  readonly takesTemperature: boolean;
  /** The URL for questions. */
  responsesUrl(baseUrl: string): string;
  /** The URL of the model list. */
  modelsUrl(baseUrl: string, clientVersion: string): string;
  /**
   * Headers of every request.
   *
   * @param minimalVersion sent instead of the reported version if a model asks for a higher one
   */
  headers(authorization: Authorization, client: ApiClient, minimalVersion?: string): Record<string, string>;
  /** The classic body as this service takes it. */
  body(classic: Readonly<Record<string, unknown>>, tuning: Tuning): Record<string, unknown>;
}

/** The service behind a ChatGPT plan (docs/wire.md §8, §15). */
export const chatgptApi: ApiDialect = {
  name: "chatgpt",
  takesTemperature: false,
  responsesUrl: (baseUrl) => `${baseUrl}/codex/responses`,
  modelsUrl: (baseUrl, clientVersion) => `${baseUrl}/codex/models?client_version=${clientVersion}`,
  headers: ({ secret, accountId, fedramp, routingOverride }, client, minimalVersion) => ({
    ...bearer(secret, client),
    originator,
    ...(accountId === undefined ? {} : { "chatgpt-account-id": accountId }),
    ...(fedramp ? { "x-openai-fedramp": "true" } : {}),
    ...(routingOverride === undefined ? {} : { "x-openai-account-routing-override": routingOverride }),
    version: higherVersion(client.clientVersion, minimalVersion),
  }),
  body: (classic) => ({ ...classic }),
};

/** The API for keys (docs/wire.md §19). */
export const platformApi: ApiDialect = {
  name: "platform",
  takesTemperature: true,
  responsesUrl: (baseUrl) => `${baseUrl}/responses`,
  modelsUrl: (baseUrl) => `${baseUrl}/models`,
  headers: ({ secret }, client) => bearer(secret, client),
  // Models without reasoning refuse a reasoning field, so only an effort that was asked for adds one.
  body: ({ reasoning: _, include: __, ...rest }, { effort, temperature, maxOutputTokens }) => ({
    ...rest,
    ...(effort === undefined ? {} : { reasoning: { effort } }),
    ...(temperature === undefined ? {} : { temperature }),
    ...(maxOutputTokens === undefined ? {} : { max_output_tokens: maxOutputTokens }),
  }),
};

function bearer(secret: string, { userAgent }: ApiClient): Record<string, string> {
  return { authorization: `Bearer ${secret}`, "user-agent": userAgent };
}
