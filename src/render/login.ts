import { accountLabel } from "../auth/oauth/token-set.ts";
import type { OtherAccount } from "../auth/chooser.ts";
import type { NewLogin, PendingLogin } from "../auth/sign-in/login-attempt.ts";
import type { NoBrowserReason, LoginReason } from "../auth/sign-in/login-plan.ts";
import type { Config, ForeignService } from "../config/config.ts";
import type { SettableKind } from "../shared/credential-kind.ts";
import { unsetVariables } from "../shared/next-step.ts";
import { localTime } from "../shared/time.ts";
import { kindText } from "./credential-kind.ts";
import { renderFix, type Reader } from "./next-step.ts";

type CodexAuth = Config["auth"];

const useNotes: Readonly<Record<SettableKind, (reader: Reader) => string>> = {
  chatgpt: (reader) => `${reader === "mcp" ? "codex_query" : "codex-oauth query"} can be used now.`,
  "api-key": (reader) =>
    "But CODEX_AUTH=api-key decides: each question still goes to the API key and costs money there. " +
    `${renderFix([unsetVariables("CODEX_AUTH")], reader).slice(0, -1)} to use this login.`,
};

/**
 * @param foreign services that aren't OpenAI's own: the user must not miss that
 * @param auth `CODEX_AUTH`, which decides the credential of a question, whatever login is stored
 */
export function renderSignedIn(
  tokens: NewLogin,
  foreign: ForeignService | undefined,
  auth: CodexAuth,
  reader: Reader,
): string {
  const plan = tokens.plan === undefined ? "" : ` (plan ${tokens.plan})`;
  const use = useNotes[auth ?? "chatgpt"](reader);
  const { accountChange: change } = tokens;
  const changed = change === undefined ? "" : ` The account has changed: before: ${change.before}, now: ${change.now}.`;
  return `${foreignWarning(foreign)}Signed in as ${accountLabel(tokens)}${plan}.${changed} ${use}`;
}

interface Waiting {
  /** Epoch ms. */
  endsAt: number;
  joined: boolean;
  /** Why it is not the usual sign-in of a desktop. */
  reason: LoginReason | undefined;
  /** Services that aren't OpenAI's own. */
  foreign: ForeignService | undefined;
  /** The logins that could be used instead. */
  otherAccounts: readonly OtherAccount[];
}

interface WaitingBrowser extends Waiting {
  method: "browser";
  authorizationUrl: string;
  browserOpened: boolean;
}

interface WaitingDevice extends Waiting {
  method: "device";
  verificationUrl: string;
  /** Undefined once it has been shown. */
  userCode: string | undefined;
}

/** A pending sign-in for a model: what the user does comes first, then the other methods. */
export function renderWaiting(login: WaitingBrowser | WaitingDevice, now: number, timeZone: string): string {
  const until = localTime(login.endsAt, now, timeZone);
  const goesOn = `${login.joined ? "The login that was already waiting goes on" : "The login waits"} until ${until}.`;
  const lines = login.method === "browser" ? browserLines(login) : deviceLines(login);
  for (const { kind, account } of login.otherAccounts) {
    lines.push(
      `${kindText[kind].holder} is signed in as ${account}; it is not used unless you call codex_login with method "${kind}".`,
    );
  }
  lines.push(`${goesOn} Call codex_login again to wait for the end, or codex_status to see how it stands.`);
  return `${foreignWarning(login.foreign)}${lines.join("\n")}`;
}

function browserLines({ authorizationUrl, browserOpened, reason }: WaitingBrowser): string[] {
  const why = browserOpened || reason === undefined ? "" : `${reasonText(reason)} `;
  const [first, ...rest] = browserSteps(authorizationUrl, browserOpened);
  return [
    `${why}${first}`,
    ...rest,
    "",
    "A browser on this machine ends the login by itself. If the page after the approval cannot be reached " +
      "(the browser runs elsewhere), copy its whole address from the address bar and call codex_login with it as callback_url.",
    'The other way: codex_login with method "device" gives a code to enter in any browser.',
  ];
}

function deviceLines({ verificationUrl, userCode, reason }: WaitingDevice): string[] {
  const why = reason === undefined ? [] : [`${reasonText(reason)} A device code is used instead.`];
  const other =
    reason?.kind === "ports-busy"
      ? 'The other way: free one of the ports, then codex_login with method "browser" gives a URL and ends this login.'
      : 'The other way: codex_login with method "browser" gives a URL and ends this login.';
  if (userCode === undefined) {
    return [
      `The device code waits to be entered at ${verificationUrl}; it was shown when this login began, and is not shown again.`,
      other,
    ];
  }
  return [...why, ...deviceSteps(verificationUrl, userCode), other];
}

/** A pending sign-in for a terminal: what the user does. */
export function renderSignInSteps(
  login: PendingLogin,
  { browserOpened, reason, foreign }: Pick<WaitingBrowser, "browserOpened" | "reason" | "foreign">,
  now: number,
  timeZone: string,
): string {
  const until = `The sign-in waits until ${localTime(login.endsAt, now, timeZone)}.`;
  const lines = [foreignWarning(foreign).trimEnd(), reason === undefined ? "" : reasonText(reason)];
  const steps =
    login.method === "browser"
      ? [
          ...browserSteps(login.authorizationUrl, browserOpened),
          "",
          `${until} The other way is codex-oauth login --device.`,
        ]
      : [...deviceSteps(login.verificationUrl, login.userCode), until];
  return `${[...lines.filter((line) => line !== ""), ...steps].join("\n")}\n`;
}

function browserSteps(url: string, opened: boolean): [string, ...string[]] {
  const first = opened
    ? "A browser window was opened. If it did not appear or shows no sign-in page, open this URL to sign in:"
    : "Open this URL to sign in:";
  return [first, "", url];
}

function deviceSteps(verificationUrl: string, userCode: string): string[] {
  return [
    "First allow device code authorization in ChatGPT's settings, under Security; a workspace may forbid it.",
    `Then open ${verificationUrl} in any browser and enter this code:`,
    "",
    userCode,
    "",
    "Only enter this code if you started this sign-in yourself, and give it to nobody.",
  ];
}

/** The progress message of a call that waits. */
export function renderLoginProgress(
  login:
    | Pick<WaitingBrowser, "method" | "authorizationUrl">
    | Pick<WaitingDevice, "method" | "verificationUrl" | "userCode">,
  foreign: ForeignService | undefined,
): string {
  const warning = foreignWarning(foreign);
  if (login.method === "browser") return `${warning}Open this URL to sign in: ${login.authorizationUrl}`;
  const { verificationUrl, userCode } = login;
  return userCode === undefined
    ? `${warning}Waiting for the device code to be entered at ${verificationUrl}`
    : `${warning}Open ${verificationUrl} and enter the code ${userCode}. Device code authorization must be allowed in ChatGPT's security settings. ` +
        "Only enter this code if you started this sign-in.";
}

const noBrowserText: Record<NoBrowserReason, string> = {
  setting: "CODEX_NO_BROWSER is set, so no browser was opened.",
  option: "The option openBrowser is not set, so no browser was opened.",
  codespaces: "This is a workspace in the cloud, so no browser was opened.",
  ssh: "This session came over SSH, so no browser was opened.",
  container: "This is a container, so no browser was opened.",
  "no-display": "This machine has no display, so no browser was opened.",
  "no-opener": "There is no xdg-open on the PATH, so no browser was opened.",
};

function reasonText(reason: LoginReason): string {
  return reason.kind === "ports-busy" ? reason.message : noBrowserText[reason.because];
}

/** A sentence and a space: the host that gets the tokens comes before the one that issues them. */
export function foreignWarning(foreign: ForeignService | undefined): string {
  if (foreign === undefined) return "";
  const { api, issuer } = foreign;
  return api === undefined
    ? `Not OpenAI's own server: this login is at ${issuer}. `
    : `Not OpenAI's own servers: this login and each question go to ${api}; the sign-in is at ${issuer}. `;
}
