import { bearer, gateProblem } from "./api-gate.ts";
import { detailBody } from "./bodies.ts";
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
  "GET /": "health",
  "HEAD /": "health",
};

/** The stand-in of chatgpt.com: which route a request is for. */
export function apiRoute({ method, path }: Incoming): Route | undefined {
  return ROUTES[`${method} ${path}`];
}

export function answerApi(state: SimState, request: RecordedRequest): PlainReply {
  if (request.route === "health") {
    return { kind: "raw", headers: { "content-type": "text/plain" }, body: "ok\n" };
  }
  if (request.route === undefined) return notFound();
  const problem = gateProblem(state, request);
  if (problem !== undefined) return problem;
  const account = state.tokens.familyOf(bearer(request.headers) ?? "")?.account ?? state.account;

  switch (request.route) {
    case "models":
      return models(state, request, account);
    case "responses":
      return responsesProblem(state, request, account) ?? defaultAnswer(state, request);
    case "accounts-check":
      return { kind: "json", body: accountsCheck(account) };
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

function accountsCheck(account: SimAccount): object {
  const entry = {
    id: account.accountId,
    plan_type: account.plan,
    workspace_backend_origin: "NO_CONSTRAINT",
    account_routing_override: "NO_CONSTRAINT",
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
