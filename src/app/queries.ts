import type { Credential } from "../api/credential.ts";
import { ApiKeySource } from "../auth/api-key.ts";
import { ChatgptSource } from "../auth/chatgpt.ts";
import { CredentialChooser } from "../auth/chooser.ts";
import { CodexCliSource } from "../auth/codex-cli.ts";
import { CodexClient, type CodexClientDeps } from "../query/client.ts";
import type { LoginManager } from "../auth/sign-in/login-manager.ts";
import { LongAnswers } from "../query/long-answers.ts";
import { ModelCatalog } from "../models/catalog.ts";
import { QuotaCache } from "../quota/quota-cache.ts";
import { ResponsesEndpoint } from "../query/responses-endpoint.ts";
import { WorkspaceRoutes } from "../auth/workspace-routing.ts";
import type { Platform } from "./platform.ts";
import type { Session } from "./session.ts";

type Headers = (credential: Credential) => Record<string, string>;

function apiHeaders({ userAgent, config: { clientVersion } }: Platform): Headers {
  return (credential) => credential.api.headers(credential, { userAgent, clientVersion });
}

export function createCredentials(
  platform: Platform,
  { store, tokens }: Session,
  login: LoginManager,
): CredentialChooser {
  const { config, clock, limits, redactor, log, http, origins } = platform;
  const { baseUrl, codexHome: folder, authFile, auth } = config;
  const routes = new WorkspaceRoutes({ http, headers: apiHeaders(platform), store, clock, limits, log });
  const chatgpt = { origins, baseUrl, routes };
  const sources = {
    chatgpt: new ChatgptSource({ ...chatgpt, tokens, authFile }),
    "codex-cli": new CodexCliSource({ ...chatgpt, folder, redactor, clock }),
    "api-key": new ApiKeySource(config),
  };
  return new CredentialChooser({ sources, preference: tokens, login, forced: auth });
}

/** Questions, and everything that plans them. Each composition has a session id of its own. */
// eslint-disable-next-line @typescript-eslint/explicit-module-boundary-types -- inferred
export function createQueries(platform: Platform, credentials: CodexClientDeps["credentials"]) {
  const { config, clock, random, limits, redactor, log, http, folder, userAgent } = platform;
  const { clientVersion, idleTimeoutMs, model, reasoningEffort } = config;
  const shared = { clock, limits, log, credentials };
  const catalog = new ModelCatalog({ ...shared, clientVersion, folder, http, headers: apiHeaders(platform) });
  const quota = new QuotaCache(folder);
  const sessionId = random.uuid();
  const client = new CodexClient({
    ...shared,
    catalog,
    endpoint: new ResponsesEndpoint({ userAgent, clientVersion, sessionId, idleTimeoutMs, http, clock, limits }),
    quota,
    defaults: { model, reasoningEffort },
    random,
    redactor,
  });
  const longAnswers = new LongAnswers({
    folder: folder.subfolder("answers"),
    redact: (text) => redactor.redactSecrets(text),
    clock,
    random,
    limits,
  });
  return { catalog, quota, client, longAnswers };
}
