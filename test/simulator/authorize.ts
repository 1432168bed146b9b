import { errorBody } from "./bodies.ts";
import { ALLOWED_SCOPES, CLIENT_ID } from "./constants.ts";
import type { PlainReply } from "./reply.ts";
import type { SimState } from "./state.ts";
import type { Decision, RecordedRequest } from "./types.ts";

/** Carries what the person decides: a browser would have a page with buttons here. */
export const DECISION_HEADER = "x-simulator-decision";

/** RFC 6749 §3.1: a parameter may not stand twice. */
const SINGLE_PARAMETERS = [
  "response_type",
  "client_id",
  "redirect_uri",
  "code_challenge",
  "code_challenge_method",
  "state",
  "scope",
  "originator",
];

/** `GET /oauth/authorize`: a page when the request itself is wrong, else the redirect. */
export function authorize(state: SimState, request: RecordedRequest): PlainReply {
  const query = request.query;
  const problem = authorizationProblem(query, state.switches.acceptLoopbackIpRedirect);
  if (problem !== undefined) return refusal(problem);

  const redirectUri = query.get("redirect_uri") ?? "";
  const clientState = query.get("state") ?? "";
  const answer = (parameters: Record<string, string>): PlainReply => ({
    kind: "redirect",
    status: 302,
    location: `${redirectUri}?${new URLSearchParams({ ...parameters, state: clientState }).toString()}`,
  });

  const scope = query.get("scope") ?? "";
  const unknown = scope.split(" ").filter((one) => !ALLOWED_SCOPES.has(one));
  if (unknown.length > 0) {
    return answer({
      error: "invalid_scope",
      error_description: `The requested scope is invalid, unknown, or malformed: ${unknown.join(" ")}`,
    });
  }
  const denial = denialOf(readDecision(request));
  if (denial !== undefined) return answer(denial);

  const code = state.codes.create({
    redirectUri,
    codeChallenge: query.get("code_challenge") ?? "",
    scope,
    account: state.account,
  });
  return answer({ code, scope });
}

function authorizationProblem(query: URLSearchParams, acceptLoopbackIp: boolean): string | undefined {
  const doubled = SINGLE_PARAMETERS.find((name) => query.getAll(name).length > 1);
  if (doubled !== undefined) return `${doubled} is given more than once`;
  if (query.get("client_id") !== CLIENT_ID) return "client_id is unknown";
  if (!isRegisteredRedirect(query.get("redirect_uri") ?? "", acceptLoopbackIp)) {
    return "redirect_uri is not registered for this client";
  }
  if (query.get("response_type") !== "code") return "response_type must be code";
  if (query.get("code_challenge_method") !== "S256") return "code_challenge_method must be S256";
  if (!/^[A-Za-z0-9_-]{43}$/.test(query.get("code_challenge") ?? "")) {
    return "code_challenge must be 43 base64url characters";
  }
  if ((query.get("state") ?? "").length < 16) return "state is missing or too short";
  if ((query.get("scope") ?? "") === "") return "scope is missing";
  if ((query.get("originator") ?? "") === "") return "originator is missing";
  return undefined;
}

/**
 * Any port, where the real service knows 1455 and 1457 only: tests never bind those.
 *
 * `localhost` is the form with the longest record; the numeric one was refused in June 2026 and is
 * what the Codex CLI sends today (docs/wire.md).
 */
function isRegisteredRedirect(uri: string, acceptLoopbackIp: boolean): boolean {
  const match = /^http:\/\/(localhost|127\.0\.0\.1):([1-9]\d{0,4})\/auth\/callback$/.exec(uri);
  if (match === null || Number(match[2]) > 65_535) return false;
  return match[1] === "localhost" || acceptLoopbackIp;
}

function refusal(message: string): PlainReply {
  const body = errorBody({ message, code: "authorize_hydra_invalid_request" });
  return { kind: "json", status: 400, body };
}

function readDecision(request: RecordedRequest): Decision {
  const header = request.headers[DECISION_HEADER];
  return header === undefined ? "approve" : (JSON.parse(header) as Decision);
}

function denialOf(decision: Decision): Record<string, string> | undefined {
  if (decision === "approve") return undefined;
  if (decision === "deny") {
    return { error: "access_denied", error_description: "The user denied the request." };
  }
  const { error, description } = decision;
  return description === undefined ? { error } : { error, error_description: description };
}
