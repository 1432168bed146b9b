import { higherVersion } from "../shared/semver.ts";
import { originator } from "./constants.ts";

/** How this client identifies itself. */
export interface ApiClient {
  /** Product token and platform of codex-oauth, never those of a browser or another program. */
  userAgent: string;
  /** The reported Codex version. */
  clientVersion: string;
}

/** The part of a credential that is sent in headers. */
export interface Authorization {
  /** Sent as the bearer token: an access token, or an API key. */
  secret: string;
  /** Value of the `chatgpt-account-id` header; undefined with an API key. */
  accountId: string | undefined;
  /** The account is in the FedRAMP cloud (docs/wire.md §7). */
  fedramp: boolean;
  /** Value of the `x-openai-account-routing-override` header, if any (docs/wire.md §8). */
  routingOverride: string | undefined;
}

/** Request settings beyond the classic body; undefined leaves them to the model. */
interface Tuning {
  effort: string | undefined;
  temperature?: number | undefined;
  maxOutputTokens?: number | undefined;
}

/** The URLs, headers and body of one of the two services. A `baseUrl` has no trailing slash. */
export interface ApiDialect {
  /** Selects the format of its model list (models/list-formats.ts). */
  readonly name: "chatgpt" | "platform";
  /** Some models take `temperature`, and all take `max_output_tokens`. */
  readonly takesSamplingParameters: boolean;
  responsesUrl(baseUrl: string): string;
  modelsUrl(baseUrl: string, clientVersion: string): string;
  /**
   * Headers of every request.
   *
   * @param minimalVersion sent instead of the reported version if it is higher
   */
  headers(authorization: Authorization, client: ApiClient, minimalVersion?: string): Record<string, string>;
  /** The request body that this service accepts. */
  body(classic: Readonly<Record<string, unknown>>, tuning: Tuning): Record<string, unknown>;
}

/** The service behind a ChatGPT plan (docs/wire.md §8, §15). */
export const chatgptApi: ApiDialect = {
  name: "chatgpt",
  takesSamplingParameters: false,
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
  takesSamplingParameters: true,
  responsesUrl: (baseUrl) => `${baseUrl}/responses`,
  modelsUrl: (baseUrl) => `${baseUrl}/models`,
  headers: ({ secret }, client) => bearer(secret, client),
  // Models without reasoning refuse a reasoning field, so only a requested effort adds one.
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
