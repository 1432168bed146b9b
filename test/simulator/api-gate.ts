import { accessErrorBody, detailBody } from "./bodies.ts";
import type { PlainReply, Route } from "./reply.ts";
import type { SimState } from "./state.ts";
import type { RecordedRequest } from "./types.ts";

/** The Codex CLI sends no originator to the others (docs/wire.md). */
const ROUTES_WITH_ORIGINATOR: ReadonlySet<Route> = new Set(["models", "responses"]);

/** Who may come in at all: the edge first, then the token, then the account. */
export function gateProblem(state: SimState, request: RecordedRequest): PlainReply | undefined {
  return (
    edgeProblem(request) ??
    tokenProblem(state, request) ??
    accountProblem(state, request) ??
    cloudProblem(state, request) ??
    routingProblem(state, request)
  );
}

/** Clients that look like a browser, or like nothing, are challenged before anything is read. */
function edgeProblem({ headers, route }: RecordedRequest): PlainReply | undefined {
  const userAgent = headers["user-agent"] ?? "";
  const needsOriginator = route !== undefined && ROUTES_WITH_ORIGINATOR.has(route);
  const isNobody = userAgent === "" || (needsOriginator && (headers["originator"] ?? "") === "");
  const isBrowser = /^mozilla\/|electron\//i.test(userAgent);
  return isNobody || isBrowser ? { kind: "html" } : undefined;
}

function tokenProblem(state: SimState, { headers }: RecordedRequest): PlainReply | undefined {
  const accessToken = bearer(headers);
  if (accessToken === undefined) return unauthorized(detailBody("Unauthorized"));
  switch (state.tokens.accessState(accessToken)) {
    case "good":
      return undefined;
    case "expired":
      return unauthorized(accessErrorBody("token_expired"));
    case "revoked":
      return unauthorized(accessErrorBody("token_revoked"));
    case "invalidated":
    case "unknown":
      return unauthorized(accessErrorBody("token_invalidated"));
  }
}

function accountProblem(state: SimState, { headers }: RecordedRequest): PlainReply | undefined {
  const accountId = headers["chatgpt-account-id"] ?? "";
  if (accountId === "") {
    const status = state.switches.missingAccountIdStatus;
    return { kind: "json", status, body: detailBody(MISSING_ACCOUNT_ID[status]) };
  }
  const family = state.tokens.familyOf(bearer(headers) ?? "");
  if (family?.account.accountId === accountId) return undefined;
  return { kind: "json", status: 403, body: detailBody("Forbidden") };
}

/** Assumed: what the official client sends for such accounts is needed, and wrong for the others. */
function cloudProblem(state: SimState, { headers }: RecordedRequest): PlainReply | undefined {
  const family = state.tokens.familyOf(bearer(headers) ?? "");
  const wanted = family?.account.fedramp === true ? "true" : undefined;
  if (headers["x-openai-fedramp"] === wanted) return undefined;
  return { kind: "json", status: 403, body: detailBody("Forbidden") };
}

/** Assumed likewise: a workspace is served where and how accounts/check says, and nowhere else. */
function routingProblem(state: SimState, request: RecordedRequest): PlainReply | undefined {
  if (request.route === undefined || !ROUTES_WITH_ORIGINATOR.has(request.route)) return undefined;
  const { workspaceOrigin, routingOverride } = state.switches;
  const server = workspaceOrigin === state.workspaceOrigin ? "workspace" : "api";
  const override = routingOverride === "NO_CONSTRAINT" ? undefined : routingOverride;
  const right = request.server === server && request.headers["x-openai-account-routing-override"] === override;
  return right ? undefined : { kind: "json", status: 403, body: detailBody("Wrong region") };
}

const MISSING_ACCOUNT_ID = {
  400: "Missing chatgpt-account-id header",
  401: "Unauthorized",
  403: "Forbidden",
};

export function bearer(headers: Record<string, string>): string | undefined {
  return /^Bearer ([^\s,]+)$/i.exec(headers["authorization"] ?? "")?.[1];
}

function unauthorized(body: unknown): PlainReply {
  return { kind: "json", status: 401, body };
}
