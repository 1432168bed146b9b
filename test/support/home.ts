import { mkdtempSync, readFileSync, rmSync, writeFileSync, existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { Simulator } from "../simulator/index.ts";

/** A throwaway home folder with the places that the server uses. */
export interface Home {
  path: string;
  authFile: string;
  stateDir: string;
  /** The login file's text; fails when it is not there. */
  readAuth(): string;
  /** Our record in it, or undefined. */
  record(): Record<string, unknown> | undefined;
}

export function makeHome(): Home {
  return homeIn(mkdtempSync(join(tmpdir(), "codex-oauth-test-")));
}

/** The home folder at that path, which is removed with the test. */
export function homeIn(path: string): Home {
  onTestFinished(() => {
    // A program that a test has just killed may have left a child that still writes its last line.
    rmSync(path, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  });
  const authFile = join(path, "auth.json");
  return {
    path,
    authFile,
    stateDir: join(path, "state"),
    readAuth: () => readFileSync(authFile, "utf8"),
    record: () => {
      if (!existsSync(authFile)) return undefined;
      const document = JSON.parse(readFileSync(authFile, "utf8")) as {
        codex?: Record<string, unknown>;
      };
      return document.codex;
    },
  };
}

export interface LoginOptions {
  /** From the simulator's now; negative for an expired token. Default: one hour. */
  accessExpiresInMs?: number;
  /** Further keys beside ours, and further fields in our record. */
  others?: Record<string, unknown>;
  extraFields?: Record<string, unknown>;
}

/** Put a login into the file, as if it had been made earlier; gives the tokens. */
export function writeLogin(home: Home, simulator: Simulator, options: LoginOptions = {}) {
  const tokens = simulator.issueTokens({
    accessExpiresInMs: options.accessExpiresInMs ?? 3_600_000,
  });
  const record = {
    version: 1,
    issuer: simulator.issuer,
    apiOrigin: new URL(simulator.baseUrl).origin,
    ...tokens,
    generation: 1,
    ...options.extraFields,
  };
  const document = { ...options.others, codex: record };
  writeFileSync(home.authFile, JSON.stringify(document, null, 2), { mode: 0o600 });
  return tokens;
}
