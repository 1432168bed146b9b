import type { CredentialKind } from "../shared/credential-kind.ts";
import type { CredentialChoice } from "../auth/chooser.ts";
import { localTime } from "../shared/time.ts";
import type { Reader } from "./next-step.ts";

interface ReaderText {
  environment: string;
  /** How to confirm the choice. */
  confirm: (kind: CredentialKind) => string;
  ready: string;
}

const setAside = "a ChatGPT login of codex-oauth is kept, but set aside then.";
const readerTexts: Readonly<Record<Reader, ReaderText>> = {
  mcp: {
    environment: "the environment of Claude Code",
    confirm: (kind) =>
      `After a clear yes of the user call codex_login with method ${kind} and confirm true; ${setAside}`,
    ready: "codex_query can be used now.",
  },
  cli: {
    environment: "the environment",
    confirm: () => `It is used after a yes; ${setAside}`,
    ready: "codex-oauth query can be used now.",
  },
  library: {
    environment: "the environment",
    confirm: (kind) => `Choose "${kind}" again as confirmed after a clear yes; ${setAside}`,
    ready: "Questions can be asked now.",
  },
};

type Explain = (
  choice: CredentialChoice,
  reader: ReaderText,
  time: (epochMs: number) => string,
) => { head: string; terms: string };

const choiceTerms: Readonly<Record<CredentialKind, Explain>> = {
  chatgpt: ({ account, plan }) => ({
    head: `The ChatGPT login of ${account ?? "an account"}${plan === undefined ? "" : ` (plan ${plan})`} is stored here.`,
    terms: "Each question counts on that account's plan.",
  }),
  "codex-cli": ({ account, plan, expiresAt, guestFile }, _, time) => ({
    head: `The Codex CLI is signed in on this machine as ${account ?? "an account"}${plan === undefined ? "" : ` (plan ${plan})`}.`,
    terms:
      `As a guest codex-oauth reads ${guestFile ?? "its file"} anew for every question: it never refreshes that ` +
      "login and never writes there. Each question counts on that account's plan. The login works" +
      `${expiresAt === undefined ? "" : ` until ${time(expiresAt)}`}; opening the Codex CLI renews it.`,
  }),
  "api-key": ({ apiOrigin }, { environment }) => ({
    head: "OPENAI_API_KEY is set.",
    terms:
      `Each question goes to ${new URL(apiOrigin).host} with that key and costs money on its account; no ChatGPT plan is ` +
      `used. The key is read from ${environment}, stored nowhere and sent nowhere else.`,
  }),
};

/** Explains an external credential, and whether it was chosen. */
export function renderChoice(choice: CredentialChoice, reader: Reader, now: number, timeZone: string): string {
  const { kind, confirmed, decidedBy } = choice;
  const text = readerTexts[reader];
  const time = (epochMs: number): string => localTime(epochMs, now, timeZone);
  const { head, terms } = choiceTerms[kind](choice, text, time);
  if (decidedBy !== undefined) {
    return `${head} It is in use: ${decidedBy}=${kind} decides. Nothing was changed.`;
  }
  return confirmed
    ? `${head} Chosen, for every window. ${terms} ${text.ready}`
    : `${head} ${terms}\n\nNothing has been changed. ${text.confirm(kind)}`;
}
