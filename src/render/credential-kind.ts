import type { CredentialKind } from "../shared/credential-kind.ts";

/** The text of reports about a kind of credential. */
interface KindText {
  /** Follows the model in an answer's footer; empty for the usual kind. */
  payer: string;
  /** As the object of "to use". */
  use: string;
  /** The program that holds the login, as the subject of a sentence. */
  holder: string;
  /** The headline if there is no account. */
  ready: string;
  /** Follows the account. */
  accountNote: string;
  /** What happens to an access token that is still valid. */
  renewal: string;
  /** What happens to an expired one. */
  expired: string;
  /** What the auth file holds. */
  fileLabel: string;
  /** Answers report how much of a plan is used. */
  hasQuota: boolean;
}

const login: KindText = {
  payer: "",
  use: "the ChatGPT login",
  holder: "codex-oauth",
  ready: "Ready",
  accountNote: "",
  renewal: "it is refreshed by itself.",
  expired: "the next query refreshes it.",
  fileLabel: "Login file",
  hasQuota: true,
};

export const kindText: Readonly<Record<CredentialKind, KindText>> = {
  chatgpt: login,
  "codex-cli": {
    ...login,
    payer: " (Codex CLI's login, guest)",
    use: "the Codex CLI's login",
    holder: "The Codex CLI on this machine",
    accountNote: ", as a guest of the Codex CLI's login",
    renewal: "it is not refreshed here; opening the Codex CLI renews it.",
    expired: "opening the Codex CLI renews it.",
    fileLabel: "Choice kept in",
  },
  "api-key": {
    ...login,
    payer: " (API key)",
    use: "the API key",
    ready: "Ready with an API key: OPENAI_API_KEY is set and pays for each question",
    fileLabel: "Choice kept in",
    hasQuota: false,
  },
};

/** What each kind is, for who chooses one. */
export const choiceText: Readonly<Record<CredentialKind, { tool: string; option: string }>> = {
  chatgpt: {
    tool: "chatgpt takes up the login that such a choice has set aside",
    option: "use the login again that another choice has set aside",
  },
  "codex-cli": {
    tool: "codex-cli uses the official CLI's login",
    option: "use the login of OpenAI's own Codex CLI",
  },
  // In the tool it continues the sentence of the kind before it.
  "api-key": { tool: "api-key OPENAI_API_KEY", option: "use OPENAI_API_KEY of the environment" },
};
