import { credentialLabel, type StoredPreference } from "../api/credential.ts";
import { CodexError } from "../shared/errors.ts";
import { maskEmail } from "../shared/mask.ts";
import { localTime } from "../shared/time.ts";
import type { Clock } from "../platform/clock.ts";
import { apiKeyCredential, type ApiKeySettings } from "./api-key.ts";
import type { CodexCliLogin } from "./codex-cli.ts";
import type { CredentialPreference } from "./chatgpt.ts";
import type { LoginService } from "./sign-in/login-service.ts";

export interface LoginModesDeps {
  choice: Pick<CredentialPreference, "choose">;
  login: Pick<LoginService, "cancel">;
  guest: Pick<CodexCliLogin, "look" | "get" | "path">;
  key: ApiKeySettings;
  /** `CODEX_AUTH`, which beats every choice. */
  auth: "chatgpt" | "api-key" | undefined;
  clock: Clock;
  /** IANA name. */
  timeZone: () => string;
}

/** What a choice says, for a person and for a program. */
export interface ModeAnswer {
  text: string;
  facts: object;
}

/** The ways to pay that are no login of ours: explained first, and taken only after a yes. */
export class LoginModes {
  readonly #deps: LoginModesDeps;

  constructor(deps: LoginModesDeps) {
    this.#deps = deps;
  }

  /**
   * Explain a way and ask, or, when that was confirmed, end a login that waits, sign out of ChatGPT and
   * keep the choice.
   *
   * @throws CodexError `AUTH_REQUIRED`, `AUTH_EXPIRED`, `STORAGE`, `CONFIG` when the way cannot be
   *   used here; then nothing has changed, but that a login which waited may have ended.
   */
  async choose(mode: StoredPreference["mode"], confirmed: boolean): Promise<ModeAnswer> {
    const { auth, choice, login } = this.#deps;
    if (auth !== undefined && auth !== mode) throw decidedElsewhere(auth);
    const explained = mode === "codex-cli" ? await this.#guest() : this.#key();
    if (auth === mode) {
      const text = `${explained.head} It is in use: CODEX_AUTH=${auth} decides. Nothing was changed.`;
      return { text, facts: { ...explained.facts, mode, confirmed: true } };
    }
    if (!confirmed) {
      const text =
        `${explained.head} ${explained.terms}\n\nNothing has been changed. After a clear yes of the user ` +
        `call codex_login with method ${mode} and confirm true; a ChatGPT login of codex-oauth on this ` +
        "machine is signed out then.";
      return { text, facts: { ...explained.facts, mode, confirmed: false } };
    }
    // Whoever approved it later would overturn the choice without knowing.
    await login.cancel("Another way to pay was chosen.");
    await choice.choose(mode);
    return {
      text: `${explained.head} Chosen, for every window. ${explained.terms} codex_query can be used now.`,
      facts: { ...explained.facts, mode, confirmed: true },
    };
  }

  /** Masked e-mail of the Codex CLI's login where that could be used now. */
  async found(): Promise<string | undefined> {
    const found = await this.#deps.guest.get().catch(() => undefined);
    return found && (maskEmail(found.email) ?? credentialLabel({ ...found, kind: "chatgpt" }));
  }

  async #guest(): Promise<Explained> {
    const { guest, clock, timeZone } = this.#deps;
    const found = await guest.get();
    const account = credentialLabel({ ...found, kind: "chatgpt" });
    const { plan, expiresAt } = found;
    const until =
      expiresAt === undefined ? "" : ` until ${localTime(expiresAt, clock.now(), timeZone())}`;
    return {
      head: `The Codex CLI is signed in on this machine as ${account}${plan === undefined ? "" : ` (plan ${plan})`}.`,
      terms:
        `As a guest codex-oauth reads ${guest.path} anew for every question: it never refreshes that ` +
        `login and never writes there. Each question counts on that account's plan. The login works${until}; ` +
        "opening the Codex CLI renews it.",
      facts: { account, plan, expiresAt },
    };
  }

  #key(): Explained {
    const { origin, host } = new URL(apiKeyCredential(this.#deps.key).baseUrl);
    return {
      head: "OPENAI_API_KEY is set.",
      terms:
        `Each question goes to ${host} with that key and costs money on its account; no ChatGPT plan is ` +
        "used. The key is read from the environment of Claude Code, stored nowhere and sent nowhere else.",
      facts: { apiOrigin: origin },
    };
  }
}

interface Explained {
  head: string;
  terms: string;
  facts: object;
}

function decidedElsewhere(auth: string): CodexError {
  return new CodexError(
    "CONFIG",
    `CODEX_AUTH=${auth} decides; another choice would have no effect.`,
    {
      next: "Unset CODEX_AUTH and restart Claude Code, then choose again.",
    },
  );
}
