import type { Credential } from "../api/credential.ts";
import type { Clock } from "../platform/clock.ts";
import { type CredentialKind, credentialKinds } from "../shared/credential-kind.ts";
import { CodexError } from "../shared/errors.ts";
import { act, retry, unsetVariables } from "../shared/next-step.ts";
import { accountOf } from "./account.ts";
import type { CredentialSource } from "./credential-source.ts";
import type { LoginManager } from "./sign-in/login-manager.ts";

/** How long a yes may follow its explanation. */
const explanationMs = 10 * 60_000;

/** The preference that the auth file keeps. */
interface CredentialPreference {
  /** Undefined before the first sign-in or selection. */
  preferredKind(): Promise<CredentialKind | undefined>;
  /** Keeps the preference; a ChatGPT login is set aside for another one. */
  select(kind: CredentialKind): Promise<void>;
}

interface CredentialChooserDeps {
  sources: Readonly<Record<CredentialKind, CredentialSource>>;
  preference: CredentialPreference;
  login: Pick<LoginManager, "cancel">;
  /** `CODEX_AUTH`, which overrides the preference. */
  forced: CredentialKind | undefined;
}

/** What selecting a kind means, and whether it took effect. */
export interface CredentialChoice {
  kind: CredentialKind;
  confirmed: boolean;
  /** The setting that overrides the preference. */
  decidedBy: "CODEX_AUTH" | undefined;
  /** Masked. */
  account: string | undefined;
  plan: string | undefined;
  /** Epoch ms. */
  expiresAt: number | undefined;
  /** Another program's file that it is read from. */
  guestFile: string | undefined;
  apiOrigin: string;
}

/** A login that could be used in place of the current one. */
export interface OtherAccount {
  kind: CredentialKind;
  /** Masked. */
  account: string;
}

/** Selects the source that authorizes the next request. */
export class CredentialChooser {
  readonly #deps: CredentialChooserDeps;

  constructor(deps: CredentialChooserDeps) {
    this.#deps = deps;
  }

  /** The source that applies now; another session may have changed it. @throws CodexError `STORAGE` */
  async current(): Promise<CredentialSource> {
    const { forced, preference, sources } = this.#deps;
    const kind = forced ?? (await preference.preferredKind());
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
    return (await this.current()).get(signal, this);
  }

  /** @throws CodexError as the source's `replace`, and if another kind was chosen meanwhile */
  async replace(rejected: Credential, signal: AbortSignal): Promise<Credential> {
    const source = await this.current();
    if (source.kind !== rejected.kind) throw kindChanged();
    return source.replace(rejected, signal);
  }

  /**
   * Describes what selecting a kind means. If confirmed, also cancels a pending sign-in and stores the preference.
   *
   * @throws CodexError `AUTH_REQUIRED`, `AUTH_EXPIRED`, `STORAGE`, `CONFIG` if the kind can't be used. Then nothing has
   *   changed, except that a pending sign-in may have ended.
   */
  async choose(kind: CredentialKind, confirmed: boolean): Promise<CredentialChoice> {
    const { sources, preference, login, forced } = this.#deps;
    if (forced !== undefined && forced !== kind) throw forcedBySetting(forced);
    const source = sources[kind];
    const { credential, usable, trouble } = await source.inspect();
    if (!usable) throw trouble ?? new CodexError("AUTH_REQUIRED", "No ChatGPT login is stored here.");
    if (confirmed && forced === undefined) {
      // Approved later, it would silently undo the selection.
      await login.cancel("Another credential was chosen.");
      await preference.select(kind);
    }
    return {
      kind,
      confirmed: confirmed || forced !== undefined,
      decidedBy: forced && "CODEX_AUTH",
      account: credential && accountOf(credential),
      plan: credential?.plan,
      expiresAt: credential?.expiresAt,
      guestFile: source.guestFile,
      apiOrigin: new URL(source.baseUrl).origin,
    };
  }

  /** The masked account of a ChatGPT login that is set aside for the stored choice. */
  async setAside(): Promise<string | undefined> {
    const { forced, preference, sources } = this.#deps;
    if (forced !== undefined) return undefined;
    const kind = await preference.preferredKind().catch(() => undefined);
    if (kind === undefined || kind === "chatgpt") return undefined;
    const { credential } = await sources.chatgpt.inspect();
    return credential && accountOf(credential);
  }

  /** The logins beside the current one that a request could use, without those that have no account. */
  async otherAccounts(): Promise<OtherAccount[]> {
    const { sources } = this.#deps;
    const { kind: current } = await this.current();
    const found = credentialKinds.map(async (kind) => {
      if (kind === current) return [];
      const { credential, usable } = await sources[kind].inspect();
      const account = usable && credential !== undefined ? accountOf(credential) : undefined;
      return account === undefined ? [] : [{ kind, account }];
    });
    return (await Promise.all(found)).flat();
  }
}

/** What this process has explained: a model's yes for its user counts once, for that very credential, for ten minutes. */
export class Explanations {
  readonly #clock: Pick<Clock, "elapsed">;
  /** When each was given, by `subject`. */
  readonly #given = new Map<string, number>();

  constructor(clock: Pick<Clock, "elapsed">) {
    this.#clock = clock;
  }

  give(choice: CredentialChoice): void {
    this.#given.set(subject(choice), this.#clock.elapsed());
  }

  /** Whether the explanation was given; it is used up. */
  take(choice: CredentialChoice): boolean {
    const given = this.#given.get(subject(choice));
    this.#given.delete(subject(choice));
    return given !== undefined && this.#clock.elapsed() - given < explanationMs;
  }
}

function kindChanged(): CodexError {
  const message = "The service refused the login, and another way was chosen.";
  return new CodexError("AUTH_EXPIRED", message, { next: [retry] });
}

function forcedBySetting(kind: CredentialKind): CodexError {
  const message = `CODEX_AUTH=${kind} decides; another choice would have no effect.`;
  return new CodexError("CONFIG", message, { next: [unsetVariables("CODEX_AUTH"), act("Choose again")] });
}

function subject({ kind, account, apiOrigin }: CredentialChoice): string {
  return JSON.stringify([kind, account, apiOrigin]);
}
