import { randomBytes } from "node:crypto";

import { s256 } from "./codes.ts";
import { CLIENT_ID, DEFAULT_SCOPE } from "./constants.ts";
import type { IssuedTokens, Simulator } from "./types.ts";

/** A client that does all right, so that a test can do one thing wrong. */
export const REDIRECT_URI = "http://localhost:40123/auth/callback";

export type Changes = Record<string, string | undefined>;

export interface LoginAttempt {
  url: string;
  codeVerifier: string;
  state: string;
}

export function beginLogin(sim: Simulator, changes: Changes = {}): LoginAttempt {
  const codeVerifier = randomBytes(48).toString("base64url");
  const state = randomBytes(32).toString("base64url");
  const parameters = {
    response_type: "code",
    client_id: CLIENT_ID,
    redirect_uri: REDIRECT_URI,
    code_challenge: s256(codeVerifier),
    code_challenge_method: "S256",
    state,
    scope: DEFAULT_SCOPE,
    id_token_add_organizations: "true",
    codex_cli_simplified_flow: "true",
    originator: "simulator_test",
    ...changes,
  };
  return {
    url: `${sim.issuer}/oauth/authorize?${form(parameters).toString()}`,
    codeVerifier,
    state,
  };
}

/** A code that waits for its exchange, and the fields that the exchange needs. */
export async function approvedCode(sim: Simulator): Promise<Record<string, string>> {
  const login = beginLogin(sim);
  const location = new URL(await sim.authorize(login.url));
  return {
    grant_type: "authorization_code",
    client_id: CLIENT_ID,
    code: location.searchParams.get("code") ?? "",
    redirect_uri: REDIRECT_URI,
    code_verifier: login.codeVerifier,
  };
}

export function postForm(sim: Simulator, fields: Changes): Promise<Response> {
  return fetch(`${sim.issuer}/oauth/token`, { method: "POST", body: form(fields) });
}

export function postJson(url: string, body: unknown): Promise<Response> {
  const headers = { "content-type": "application/json" };
  return fetch(url, { method: "POST", headers, body: JSON.stringify(body) });
}

export function refresh(sim: Simulator, refreshToken: string): Promise<Response> {
  return postJson(`${sim.issuer}/oauth/token`, {
    client_id: CLIENT_ID,
    grant_type: "refresh_token",
    refresh_token: refreshToken,
  });
}

export function apiHeaders(tokens: IssuedTokens, changes: Changes = {}): Record<string, string> {
  return defined({
    authorization: `Bearer ${tokens.accessToken}`,
    "chatgpt-account-id": tokens.accountId,
    originator: "simulator_test",
    "user-agent": "simulator_test/1.0",
    version: "0.169.0",
    ...changes,
  });
}

export function questionBody(changes: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    model: "gpt-5.5",
    instructions: "Answer first.",
    input: [{ type: "message", role: "user", content: [{ type: "input_text", text: "hello" }] }],
    stream: true,
    store: false,
    ...changes,
  };
}

export interface AskOptions {
  tokens?: IssuedTokens;
  body?: Record<string, unknown>;
  headers?: Changes;
  signal?: AbortSignal;
}

export function ask(sim: Simulator, options: AskOptions = {}): Promise<Response> {
  const headers = apiHeaders(options.tokens ?? sim.issueTokens(), {
    "content-type": "application/json",
    accept: "text/event-stream",
    ...options.headers,
  });
  return fetch(`${sim.baseUrl}/codex/responses`, {
    method: "POST",
    headers,
    body: JSON.stringify(questionBody(options.body)),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
}

function form(fields: Changes): URLSearchParams {
  return new URLSearchParams(defined(fields));
}

function defined(fields: Changes): Record<string, string> {
  const kept = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(kept) as Record<string, string>;
}
