import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ExternalKind } from "../../src/shared/credential-kind.ts";
import type { IssuedTokens, IssueOptions, Simulator } from "../simulator/index.ts";
import { testApp, type TestAppOptions } from "./app.ts";
import { makeHome, type Home } from "./home.ts";
import { simulate } from "./server.ts";

export interface CodexCliLoginOptions extends IssueOptions {
  /** Changes of the file, and of the tokens in it. */
  file?: Record<string, unknown>;
  tokens?: Record<string, unknown>;
}

/** The Codex CLI's home of a test home. */
export function codexHome(home: Home): string {
  return join(home.path, "codex-home");
}

export function codexCliFile(home: Home): string {
  return join(codexHome(home), "auth.json");
}

/** Writes the Codex CLI's `auth.json` in its own format, with tokens of the simulator. */
export function writeCodexCliLogin(
  home: Home,
  simulator: Simulator,
  { file, tokens: changes, ...options }: CodexCliLoginOptions = {},
): IssuedTokens {
  const issued = simulator.issueTokens({ accessExpiresInMs: 3_600_000, ...options });
  const document = {
    auth_mode: "chatgpt",
    OPENAI_API_KEY: null,
    tokens: {
      id_token: issued.idToken,
      access_token: issued.accessToken,
      refresh_token: issued.refreshToken,
      oauth_provenance: { issuer: simulator.issuer, client_id: "app_EMoamEEZ73f0CkXaXp7hrann" },
      login_owner_id: "owner",
      account_id: issued.accountId,
      ...changes,
    },
    last_refresh: "2026-11-20T18:13:29.198933262Z",
    ...file,
  };
  mkdirSync(codexHome(home), { recursive: true });
  writeFileSync(codexCliFile(home), JSON.stringify(document, null, 2), { mode: 0o600 });
  return issued;
}

/** Writes a preference into the auth file, as codex_login stores it. */
export function writePreference(home: Home, kind: ExternalKind): void {
  const record = { version: 1, mode: kind, generation: 1 };
  writeFileSync(home.authFile, JSON.stringify({ codex: record }), { mode: 0o600 });
}

export interface ModeRig {
  simulator: Simulator;
  home: Home;
  /** An environment with the Codex CLI's login and an API key. */
  env: Record<string, string>;
  key: string;
  parts: ReturnType<typeof testApp>["parts"];
  /** The same home, seen by another program. */
  another: (options?: Partial<TestAppOptions>) => ReturnType<typeof testApp>["parts"];
}

export async function modeRig(
  options: Partial<TestAppOptions> & { simulatorOptions?: Parameters<typeof simulate>[0] } = {},
): Promise<ModeRig> {
  const simulator = options.simulator ?? (await simulate(options.simulatorOptions));
  const home = options.home ?? makeHome();
  const key = simulator.issueKey();
  const env = {
    CODEX_HOME: codexHome(home),
    OPENAI_API_KEY: key,
    CODEX_API_BASE_URL: simulator.apiBaseUrl,
    ...options.env,
  };
  const another: ModeRig["another"] = (more = {}) =>
    testApp({ ...options, simulator, home, ...more, env: { ...env, ...more.env } }).parts;
  return { simulator, home, env, key, parts: another(), another };
}

export const neverAborted = new AbortController().signal;
