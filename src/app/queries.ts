import type { Credential } from "../api/credential.ts";
import { apiHeaders } from "../api/endpoints.ts";
import { CodexCliLogin } from "../auth/codex-cli.ts";
import { CodexClient } from "../query/client.ts";
import { Credentials } from "../auth/credentials.ts";
import { LoginModes } from "../auth/choose-method.ts";
import type { LoginService } from "../auth/sign-in/login-service.ts";
import { LongAnswers } from "../query/long-answers.ts";
import { ModelCatalog } from "../models/catalog.ts";
import { QuotaMemory } from "../quota/quota-cache.ts";
import { ResponsesEndpoint } from "../query/responses-endpoint.ts";
import { WorkspaceRoutes } from "../auth/workspace-routing.ts";
import type { Ground } from "./platform.ts";
import type { TokenParts } from "./session.ts";

/** Questions, and everything that authorizes and plans them. */
export interface QueryParts {
  guest: CodexCliLogin;
  credentials: Credentials;
  mode: LoginModes;
  catalog: ModelCatalog;
  quota: QuotaMemory;
  client: CodexClient;
  longAnswers: LongAnswers;
}

/**
 * The part that asks, and has a session id of its own.
 *
 * @param timeZone asked for only when a time is to be told
 */
export function composeQueries(
  ground: Ground,
  { store, tokens }: TokenParts,
  login: LoginService,
  timeZone: () => string,
): QueryParts {
  const { config, clock, random, limits, redactor, log, http, folder, userAgent, origins } = ground;
  const { auth, baseUrl, clientVersion, codexHome, idleTimeoutMs, model, reasoningEffort } = config;
  const api = { userAgent, clientVersion };
  const headers = (credential: Credential): Record<string, string> => apiHeaders(api, credential);
  const guest = new CodexCliLogin({ folder: codexHome, origins, baseUrl, redactor, clock });
  const routes = new WorkspaceRoutes({ http, headers, store, clock, limits, log });
  const ways = { choice: tokens, guest, key: config, auth };
  const credentials = new Credentials({ ...ways, tokens, routes, baseUrl });
  const shared = { clock, limits, log, credentials };
  const catalog = new ModelCatalog({ ...shared, clientVersion, folder, http, headers });
  const quota = new QuotaMemory(folder);
  const sessionId = random.uuid();
  const client = new CodexClient({
    ...shared,
    catalog,
    endpoint: new ResponsesEndpoint({ ...api, sessionId, idleTimeoutMs, http, clock, limits }),
    quota,
    defaults: { model, reasoningEffort },
    random,
    redactor,
  });
  const mode = new LoginModes({ ...ways, login, clock, timeZone });
  const longAnswers = new LongAnswers({
    folder: folder.inside("answers"),
    redact: (text) => redactor.values(text),
    clock,
    random,
    limits,
  });
  return { guest, credentials, mode, catalog, quota, client, longAnswers };
}
