import { join } from "node:path";
import type { Credential } from "../api/credential.ts";
import { chatgptApi } from "../api/dialect.ts";
import { CodexError } from "../shared/errors.ts";
import { act, browserSignIn, either, type NextSteps } from "../shared/next-step.ts";
import {
  type ActiveCredential,
  type CredentialReplacer,
  type CredentialSource,
  unusable,
} from "./credential-source.ts";
import { accountLabel, assertIssuedFor, type Origins } from "./oauth/token-set.ts";
import type { WorkspaceRoutes } from "./workspace-routing.ts";
import type { Clock } from "../platform/clock.ts";
import type { Redactor } from "../shared/redactor.ts";
import { readSecureFile } from "../platform/files/secure-file.ts";
import { readCodexCliAuth, type CodexCliTokens } from "./codex-cli-file.ts";
import { defaultBaseUrl, defaultIssuer } from "../api/constants.ts";

/** A token with less left could expire in transit. */
const minLifetimeMs = 60_000;

const codexCliSignIn = act("Sign in with the Codex CLI (codex login)");

interface CodexCliSourceDeps {
  /** The Codex CLI's home; empty if it is unknown. */
  folder: string;
  origins: Origins;
  /** The API's root, without a trailing slash. */
  baseUrl: string;
  routes: Pick<WorkspaceRoutes, "route" | "routeOrReplace">;
  redactor: Redactor;
  clock: Clock;
}

/**
 * The Codex CLI's login, read only. Its file is read again for each request, and neither written nor locked. Its
 * refresh token is single-use, so only the Codex CLI uses it.
 */
export class CodexCliSource implements CredentialSource {
  readonly kind = "codex-cli";
  readonly api = chatgptApi;
  readonly baseUrl: string;
  readonly issuer: string;
  readonly guestFile: string;
  readonly replaceable = true;
  readonly #deps: CodexCliSourceDeps;

  constructor(deps: CodexCliSourceDeps) {
    this.#deps = deps;
    this.baseUrl = deps.baseUrl;
    this.issuer = deps.origins.issuer;
    this.guestFile = deps.folder === "" ? "" : join(deps.folder, "auth.json");
  }

  /**
   * @throws CodexError `AUTH_REQUIRED` without a usable login, `AUTH_EXPIRED`, `STORAGE` for a file that must not be
   *   used; and as `WorkspaceRoutes.route`
   */
  async get(signal: AbortSignal, replacer: CredentialReplacer = this): Promise<Credential> {
    return this.#deps.routes.routeOrReplace(replacer, await this.#readValid(), undefined, signal);
  }

  async inspect(): Promise<ActiveCredential> {
    let credential: Credential | undefined;
    try {
      credential = await this.#readCredential();
      this.#assertNotExpired(credential);
      return { credential, usable: true, trouble: undefined };
    } catch (error) {
      return unusable(error, credential);
    }
  }

  /** What the Codex CLI has stored since. @throws CodexError `AUTH_EXPIRED` if it is the rejected token */
  async replace({ secret }: Credential, signal: AbortSignal): Promise<Credential> {
    const present = await this.#readValid();
    if (present.secret === secret) throw expired("The service no longer accepts the Codex CLI's login.");
    return this.#deps.routes.route(present, undefined, signal);
  }

  async #readValid(): Promise<Credential> {
    const credential = await this.#readCredential();
    this.#assertNotExpired(credential);
    return credential;
  }

  #assertNotExpired({ expiresAt }: Credential): void {
    if (expiresAt === undefined || expiresAt - this.#deps.clock.now() > minLifetimeMs) return;
    throw expired("The Codex CLI's login has ended, and a guest refreshes nothing.");
  }

  /** The stored login as a credential, which may have expired. */
  async #readCredential(): Promise<Credential> {
    const { origins, redactor } = this.#deps;
    const tokens = await this.#readTokens();
    const { accessToken: secret, issuer, accountId, email, plan, expiresAt, fedramp } = tokens;
    redactor.addSecrets(secret);
    redactor.addPerson(tokens);
    assertConfiguredIssuer(issuer, origins);
    if (accountId === undefined) throw unusableLogin("The Codex CLI's login names no account.");
    return {
      kind: this.kind,
      api: this.api,
      secret,
      baseUrl: this.baseUrl,
      accountId,
      email,
      plan,
      expiresAt,
      fedramp,
      routingOverride: undefined,
      owner: `${accountLabel({ accountId, email })} by the Codex CLI's login`,
    };
  }

  async #readTokens(): Promise<CodexCliTokens> {
    const path = this.guestFile;
    const text = path === "" ? undefined : await readForeignFile(path);
    if (text === undefined) throw unusableLogin("The Codex CLI is not signed in here.", path && `There is no ${path}.`);
    const auth = readCodexCliAuth(text);
    switch (auth.kind) {
      case "chatgpt":
        return auth.tokens;
      case "api-key":
        throw unusableLogin(
          "The Codex CLI pays with an API key here, which is not a login to be a guest of.",
          `${path} is in API key mode; a key belongs into OPENAI_API_KEY.`,
          [either(codexCliSignIn, browserSignIn, { do: "use-method", method: "api-key" })],
        );
      case "signed-out":
        throw unusableLogin("The Codex CLI is signed out.", `${path} holds no tokens.`);
      case "other":
        throw unusableLogin(
          "The Codex CLI is signed in in a way that others cannot use.",
          `${path} says auth_mode ${auth.mode}; a guest needs chatgpt.`,
        );
      case "damaged":
        throw unusableLogin("The Codex CLI's login cannot be read.", `${path} does not have a known form.`);
    }
  }
}

async function readForeignFile(path: string): Promise<string | undefined> {
  try {
    return (await readSecureFile(path))?.text;
  } catch (error) {
    if (!(error instanceof CodexError)) throw error;
    throw error.with({ next: [either(act(`Look at ${path}, which is the Codex CLI's own`), browserSignIn)] });
  }
}

/**
 * Keeps the token from other origins. Tokens of the standard issuer are for the standard API only. If the file names
 * another issuer, it must be the configured one, with an API other than the standard one.
 *
 * @throws CodexError `AUTH_REQUIRED`
 */
function assertConfiguredIssuer(issuer: string, configured: Origins): void {
  const standardApi = new URL(defaultBaseUrl).origin;
  const standard = URL.canParse(issuer) && new URL(issuer).origin === defaultIssuer;
  const foreignApi = configured.apiOrigin === standardApi ? "another API" : configured.apiOrigin;
  try {
    assertIssuedFor({ issuer, apiOrigin: standard ? standardApi : foreignApi }, configured);
  } catch (error) {
    if (!(error instanceof CodexError)) throw error;
    const message = error.message.replace("The stored login", "The Codex CLI's login");
    throw new CodexError("AUTH_REQUIRED", message, error.details);
  }
}

function unusableLogin(
  message: string,
  why?: string,
  next: NextSteps = [either(codexCliSignIn, browserSignIn)],
): CodexError {
  return new CodexError("AUTH_REQUIRED", message, { why: why || undefined, next });
}

function expired(message: string): CodexError {
  return new CodexError("AUTH_EXPIRED", message, {
    next: [either(act("Open the Codex CLI once, which renews its login"), browserSignIn)],
  });
}
