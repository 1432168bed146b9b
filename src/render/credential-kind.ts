import type { CredentialKind } from "../api/credential.ts";

/** What reports say about a kind of credential. */
interface KindText {
  /** Behind the model in an answer's footer; nothing for the usual kind. */
  payer: string;
  /** As the object of "to use". */
  use: string;
  /** The headline of one without an account. */
  ready: string;
  /** Behind whose account it is. */
  asGuest: string;
  /** What becomes of an access token that still works. */
  renewal: string;
  /** The same of one that has expired. */
  expired: string;
  /** What the auth file holds for it. */
  kept: string;
  /** Answers say how much of a plan is used. */
  hasQuota: boolean;
}

const login: KindText = {
  payer: "",
  use: "the ChatGPT login",
  ready: "Ready",
  asGuest: "",
  renewal: "it is refreshed by itself.",
  expired: "the next query refreshes it.",
  kept: "Login file",
  hasQuota: true,
};

export const kindText: Readonly<Record<CredentialKind, KindText>> = {
  chatgpt: login,
  "codex-cli": {
    ...login,
    payer: " (Codex CLI's login, guest)",
    use: "the Codex CLI's login",
    asGuest: ", as a guest of the Codex CLI's login",
    renewal: "it is not refreshed here; opening the Codex CLI renews it.",
    expired: "opening the Codex CLI renews it.",
    kept: "Choice kept in",
  },
  "api-key": {
    ...login,
    payer: " (API key)",
    use: "the API key",
    ready: "Ready with an API key: OPENAI_API_KEY is set and pays for each question",
    kept: "Choice kept in",
    hasQuota: false,
  },
};
