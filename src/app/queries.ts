import type { Credential } from "../api/credential.ts";
import { ApiKeySource } from "../auth/api-key.ts";
import { ChatgptSource } from "../auth/chatgpt.ts";
import { CredentialChooser } from "../auth/chooser.ts";
import { CodexCliSource } from "../auth/codex-cli.ts";
import { CodexClient } from "../query/client.ts";
import type { LoginManager } from "../auth/sign-in/login-manager.ts";
import { LongAnswers } from "../query/long-answers.ts";
import { ModelCatalog } from "../models/catalog.ts";
import { QuotaMemory } from "../quota/quota-cache.ts";
import { ResponsesEndpoint } from "../query/responses-endpoint.ts";
import { WorkspaceRoutes } from "../auth/workspace-routing.ts";
import type { Platform } from "./platform.ts";
import type { Session } from "./session.ts";

/** Questions, and everything that authorizes and plans them. Each composition has a session id of its own. */
// eslint-disable-next-line @typescript-eslint/explicit-module-boundary-types -- inferred
export function createQueries(platform: Platform, { store, tokens }: Session, login: LoginManager) {
  const { config, clock, random, limits, redactor, log, http, folder, userAgent, origins } = platform;
  const { baseUrl, clientVersion, codexHome, idleTimeoutMs, model, reasoningEffort } = config;
  const api = { userAgent, clientVersion };
  const headers = (credential: Credential): Record<string, string> => credential.api.headers(credential, api);
  const routes = new WorkspaceRoutes({ http, headers, store, clock, limits, log });
  const chatgpt = { origins, baseUrl, routes };
  const credentials = new CredentialChooser({
    sources: {
      chatgpt: new ChatgptSource({ ...chatgpt, tokens, authFile: config.authFile }),
      "codex-cli": new CodexCliSource({ ...chatgpt, folder: codexHome, redactor, clock }),
      "api-key": new ApiKeySource(config),
    },
    preference: tokens,
    login,
    forced: config.auth,
  });
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
  const longAnswers = new LongAnswers({
    folder: folder.subfolder("answers"),
    redact: (text) => redactor.redactSecrets(text),
    clock,
    random,
    limits,
  });
  return { credentials, catalog, quota, client, longAnswers };
}
