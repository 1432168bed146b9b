import { accountLabel, type TokenSet } from "../core/tokens.ts";
import { localTime } from "../core/time.ts";

/** The issuer's host when it is not OpenAI's own server: a person must not miss that. */
export type ForeignIssuer = string | undefined;

export function renderSignedIn(tokens: TokenSet, foreign: ForeignIssuer): string {
  const plan = tokens.plan === undefined ? "" : ` (plan ${tokens.plan})`;
  return `${warning(foreign)}Signed in as ${accountLabel(tokens)}${plan}. codex_query can be used now.`;
}

export interface WaitingLogin {
  authorizationUrl: string;
  /** Epoch ms. */
  endsAt: number;
  joined: boolean;
  browserOpened: boolean;
  foreign: ForeignIssuer;
}

/** A login that goes on: the URL first, it is what the person needs. */
export function renderWaiting(login: WaitingLogin, now: number, timeZone: string): string {
  const opened = "A browser window was opened. If it did not appear, open this URL to sign in:";
  const until = localTime(login.endsAt, now, timeZone);
  return [
    `${warning(login.foreign)}${login.browserOpened ? opened : "Open this URL to sign in:"}`,
    "",
    login.authorizationUrl,
    "",
    `${login.joined ? "The login that was already waiting goes on" : "The login waits"} until ${until}. ` +
      "The browser must run on this machine. Call codex_login again to wait for the end, or " +
      "codex_status to see how it stands.",
  ].join("\n");
}

function warning(foreign: ForeignIssuer): string {
  return foreign === undefined ? "" : `Not OpenAI's own server: this login is at ${foreign}. `;
}
