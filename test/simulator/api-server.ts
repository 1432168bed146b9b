import { bearer, gateProblem } from "./api-gate.ts";
import { detailBody } from "./bodies.ts";
import { answerKey } from "./key-server.ts";
import { listedModels } from "./models.ts";
import type { Incoming } from "./record.ts";
import type { PlainReply, Route } from "./reply.ts";
import { defaultAnswer } from "./answer.ts";
import { responsesProblem } from "./responses-rules.ts";
import type { SimState } from "./state.ts";
import type { RecordedRequest, SimAccount } from "./types.ts";
import { usageBody } from "./usage.ts";
import { parseVersion } from "./versions.ts";

const ROUTES: Record<string, Route> = {
  "GET /backend-api/codex/models": "models",
  "POST /backend-api/codex/responses": "responses",
  "GET /backend-api/wham/accounts/check": "accounts-check",
  "GET /backend-api/wham/usage": "usage",
  "POST /v1/responses": "key-responses",
  "GET /v1/models": "key-models",
  "GET /": "health",
  "HEAD /": "health",
};

/** The stand-in of chatgpt.com: which route a request is for. */
export function apiRoute({ method, path }: Incoming): Route | undefined {
  return ROUTES[`${method} ${path}`];
}

/** A workspace's own origin serves the backend, but neither the API for keys nor the routing. */
export function workspaceRoute(request: Incoming): Route | undefined {
  const route = apiRoute(request);
  return route === "models" || route === "responses" || route === "health" ? route : undefined;
}

export function answerApi(state: SimState, request: RecordedRequest): PlainReply {
  if (request.route === "health") {
    return { kind: "raw", headers: { "content-type": "text/plain" }, body: "ok\n" };
  }
  if (request.route === undefined) return notFound();
  if (request.route === "key-models" || request.route === "key-responses") {
    return answerKey(state, request);
  }
  const problem = gateProblem(state, request);
  if (problem !== undefined) return problem;
  const account = state.tokens.familyOf(bearer(request.headers) ?? "")?.account ?? state.account;

  switch (request.route) {
    case "models":
      return models(state, request, account);
    case "responses":
      return responsesProblem(state, request, account) ?? defaultAnswer(state, request);
    case "accounts-check":
      return { kind: "json", body: accountsCheck(state, account) };
    case "usage":
      return { kind: "json", body: usageBody(account, state.switches.rateLimitHeaders) };
    default:
      return notFound();
  }
}

function models(state: SimState, request: RecordedRequest, account: SimAccount): PlainReply {
  const version = request.query.get("client_version") ?? "";
  if (parseVersion(version) === undefined) {
    return { kind: "json", status: 400, body: detailBody("client_version is missing or invalid") };
  }
  const { models: all, minimumVersions, modelsEtag } = state.switches;
  const listed = listedModels(all, minimumVersions, version, account.plan);
  return { kind: "json", headers: { etag: modelsEtag }, body: { models: listed } };
}

function accountsCheck({ switches }: SimState, account: SimAccount): object {
  const entry = {
    id: account.accountId,
    plan_type: account.plan,
    workspace_backend_origin: switches.workspaceOrigin,
    account_routing_override: switches.routingOverride,
    name: null,
    profile_picture_url: null,
    structure: "personal",
  };
  return {
    accounts: [entry],
    account_ordering: [account.accountId],
    default_account_id: account.accountId,
  };
}

function notFound(): PlainReply {
  return { kind: "json", status: 404, body: detailBody("Not Found") };
}
