import { join } from "node:path";
import type { Credential } from "../api/credential.ts";
import { CodexError } from "../shared/errors.ts";
import { assertIssuedFor, type Origins } from "./oauth/token-set.ts";
import type { Clock } from "../platform/clock.ts";
import type { Redactor } from "../shared/redactor.ts";
import { readSecureFile } from "../platform/files/secure-file.ts";
import { readCodexCliAuth, type CodexCliTokens } from "./codex-cli-file.ts";
import { defaultBaseUrl, defaultIssuer } from "../api/constants.ts";

/** A token that ends this soon could end on its way. */
const lastMs = 60_000;

const twoWays =
  "Sign in with the Codex CLI (codex login), or here (codex_login with method browser).";

export interface CodexCliLoginDeps {
  /** The official client's own; empty where nobody can tell. */
  folder: string;
  origins: Origins;
  /** The API, without a trailing slash. */
  baseUrl: string;
  redactor: Redactor;
  clock: Clock;
}

/**
 * The official client's login, as a guest: its file is read anew for each request, never written,
 * and what could renew it, which works only once, is not touched. No lock is taken there.
 */
export class CodexCliLogin {
  readonly #deps: CodexCliLoginDeps;

  constructor(deps: CodexCliLoginDeps) {
    this.#deps = deps;
  }

  /** The file that is read. */
  get path(): string {
    const { folder } = this.#deps;
    return folder === "" ? "" : join(folder, "auth.json");
  }

  /**
   * The login as it authorizes a request, also one that has ended.
   *
   * @throws CodexError `AUTH_REQUIRED` when there is none for us, `STORAGE` for a file that must not
   *   be used.
   */
  async look(): Promise<Credential> {
    const { origins, baseUrl, redactor } = this.#deps;
    const found = await this.#read();
    redactor.learn(found.accessToken);
    redactor.learnPerson(found);
    const { issuer, accountId } = found;
    assertForGuest(issuer, origins);
    if (accountId === undefined) throw useless("The Codex CLI's login names no account.");
    const { accessToken: secret, email, plan, expiresAt, fedramp } = found;
    return {
      kind: "codex-cli",
      secret,
      baseUrl,
      accountId,
      email,
      plan,
      expiresAt,
      fedramp,
      routingOverride: undefined,
    };
  }

  /**
   * The login, usable now.
   *
   * @throws CodexError as `look`, and `AUTH_EXPIRED`.
   */
  async get(): Promise<Credential> {
    const credential = await this.look();
    assertAlive(credential, this.#deps.clock.now());
    return credential;
  }

  /** What the file has got in place of a refused login. @throws CodexError as `get` */
  async replaceRejected({ secret }: Pick<Credential, "secret">): Promise<Credential> {
    const present = await this.get();
    if (present.secret !== secret) return present;
    throw ended("The service no longer accepts the Codex CLI's login.");
  }

  async #read(): Promise<CodexCliTokens> {
    const { path } = this;
    const text = path === "" ? undefined : await readForeignFile(path);
    if (text === undefined) {
      throw useless("The Codex CLI is not signed in here.", path && `There is no ${path}.`);
    }
    const auth = readCodexCliAuth(text);
    switch (auth.kind) {
      case "chatgpt":
        return auth.tokens;
      case "api-key":
        throw useless(
          "The Codex CLI pays with an API key here, which is not a login to be a guest of.",
          `${path} is in API key mode; a key belongs into OPENAI_API_KEY (codex_login with method api-key).`,
        );
      case "signed-out":
        throw useless("The Codex CLI is signed out.", `${path} holds no tokens.`);
      case "other":
        throw useless(
          "The Codex CLI is signed in in a way that others cannot use.",
          `${path} says auth_mode ${auth.mode}; a guest needs chatgpt.`,
        );
      case "damaged":
        throw useless(
          "The Codex CLI's login cannot be read.",
          `${path} does not have a known form.`,
        );
    }
  }
}

/** @throws CodexError `AUTH_EXPIRED` */
export function assertAlive({ expiresAt }: Pick<Credential, "expiresAt">, now: number): void {
  if (expiresAt === undefined || expiresAt - now > lastMs) return;
  throw ended("The Codex CLI's login has ended, and a guest refreshes nothing.");
}

async function readForeignFile(path: string): Promise<string | undefined> {
  try {
    return await readSecureFile(path);
  } catch (error) {
    if (!(error instanceof CodexError)) throw error;
    throw error.with({
      next: `Look at ${path}, which is the Codex CLI's own; or sign in here (codex_login with method browser).`,
    });
  }
}

/**
 * The official client's tokens are for the two standard origins. Where its file names another issuer,
 * that must be the configured one, with an API of its own.
 *
 * @throws CodexError `AUTH_REQUIRED`
 */
function assertForGuest(issuer: string, wanted: Origins): void {
  const standardApi = new URL(defaultBaseUrl).origin;
  const standard = URL.canParse(issuer) && new URL(issuer).origin === defaultIssuer;
  const foreignApi = wanted.apiOrigin === standardApi ? "another API" : wanted.apiOrigin;
  try {
    assertIssuedFor({ issuer, apiOrigin: standard ? standardApi : foreignApi }, wanted);
  } catch (error) {
    if (!(error instanceof CodexError)) throw error;
    throw new CodexError(
      "AUTH_REQUIRED",
      error.message.replace("The stored login", "The Codex CLI's login"),
      {
        ...error.details,
        next: "Unset CODEX_ISSUER and CODEX_BASE_URL, or sign in here (codex_login with method browser).",
      },
    );
  }
}

function useless(message: string, why?: string): CodexError {
  return new CodexError("AUTH_REQUIRED", message, { why: why || undefined, next: twoWays });
}

function ended(message: string): CodexError {
  return new CodexError("AUTH_EXPIRED", message, {
    next: "Open the Codex CLI once, which renews its login, or sign in here (codex_login with method browser).",
  });
}
