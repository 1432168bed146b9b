import type { Credential, CredentialKind, ExternalKind } from "../api/credential.ts";
import { CodexError } from "../shared/errors.ts";
import { act, retry, unsetVariables } from "../shared/next-step.ts";
import { accountOf } from "./account.ts";
import type { CredentialSource } from "./credential-source.ts";
import type { LoginManager } from "./sign-in/login-manager.ts";

/** The preference that the auth file keeps. */
export interface CredentialPreference {
  /** Undefined if nothing was ever selected, and nobody signed in. */
  preferredKind(): Promise<CredentialKind | undefined>;
  /** Signs out of ChatGPT first, then keeps the preference. */
  select(kind: ExternalKind): Promise<unknown>;
}

export interface CredentialChooserDeps {
  sources: Readonly<Record<CredentialKind, CredentialSource>>;
  preference: CredentialPreference;
  login: Pick<LoginManager, "cancel">;
  /** `CODEX_AUTH`, which beats the preference. */
  forced: CredentialKind | undefined;
}

/** What a choice means, and whether it was made. */
export interface CredentialChoice {
  kind: ExternalKind;
  confirmed: boolean;
  /** The setting that decides instead of the preference. */
  decidedBy: "CODEX_AUTH" | undefined;
  /** Masked. */
  account: string | undefined;
  plan: string | undefined;
  /** Epoch ms. */
  expiresAt: number | undefined;
  /** Another program's file that it is read from. */
  foreignFile: string | undefined;
  apiOrigin: string;
}

/** Says which source authorizes the next request, and switches it. */
export class CredentialChooser {
  readonly #deps: CredentialChooserDeps;

  constructor(deps: CredentialChooserDeps) {
    this.#deps = deps;
  }

  /** The source that applies now; another window may have changed it. @throws CodexError `STORAGE` */
  async current(): Promise<CredentialSource> {
    const { forced: decided, preference, sources } = this.#deps;
    const kind = decided ?? (await preference.preferredKind());
    return kind === undefined ? this.defaultSource : sources[kind];
  }

  /** The source that applies if the auth file says nothing. */
  get defaultSource(): CredentialSource {
    return this.#deps.sources[this.#deps.forced ?? "chatgpt"];
  }

  /** The source that a credential came from. */
  sourceOf({ kind }: Pick<Credential, "kind">): CredentialSource {
    return this.#deps.sources[kind];
  }

  /** @throws CodexError as the current source's `get` */
  async get(signal: AbortSignal): Promise<Credential> {
    return (await this.current()).get(signal);
  }

  /** @throws CodexError as the source's `replace`, and if another kind was chosen meanwhile */
  async replace(rejected: Credential, signal: AbortSignal): Promise<Credential> {
    const source = await this.current();
    if (source.kind !== rejected.kind) throw changedMeanwhile();
    return source.replace(rejected, signal);
  }

  /**
   * Say what a choice means; when confirmed, also cancel a sign-in that waits, sign out of ChatGPT
   * and keep the choice.
   *
   * @throws CodexError `AUTH_REQUIRED`, `AUTH_EXPIRED`, `STORAGE`, `CONFIG` if it can't be used here;
   *   then nothing has changed, but a sign-in that waited may have ended
   */
  async choose(kind: ExternalKind, confirmed: boolean): Promise<CredentialChoice> {
    const { sources, preference, login, forced: decided } = this.#deps;
    if (decided !== undefined && decided !== kind) throw decidedElsewhere(decided);
    const source = sources[kind];
    const { credential, trouble } = await source.inspect();
    if (trouble !== undefined) throw trouble;
    if (confirmed && decided === undefined) {
      // Whoever approved it later would overturn the choice without knowing.
      await login.cancel("Another way to pay was chosen.");
      await preference.select(kind);
    }
    return {
      kind,
      confirmed: confirmed || decided !== undefined,
      decidedBy: decided && "CODEX_AUTH",
      account: credential && accountOf(credential),
      plan: credential?.plan,
      expiresAt: credential?.expiresAt,
      foreignFile: source.foreignFile,
      apiOrigin: new URL(source.baseUrl).origin,
    };
  }

  /** The masked account of the Codex CLI's login, if that could be used now. */
  async codexCliAccount(): Promise<string | undefined> {
    const { credential, usable } = await this.#deps.sources["codex-cli"].inspect();
    return usable && credential !== undefined ? accountOf(credential) : undefined;
  }
}

function changedMeanwhile(): CodexError {
  const message = "The service refused the login, and another way was chosen.";
  return new CodexError("AUTH_EXPIRED", message, { next: [retry] });
}

function decidedElsewhere(decided: string): CodexError {
  const message = `CODEX_AUTH=${decided} decides; another choice would have no effect.`;
  return new CodexError("CONFIG", message, {
    next: [unsetVariables("CODEX_AUTH"), act("Choose again")],
  });
}
