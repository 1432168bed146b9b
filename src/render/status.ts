import { foreignService } from "../config/config.ts";
import { CodexError } from "../shared/errors.ts";
import { signIn } from "../shared/next-step.ts";
import { localTime, span } from "../shared/time.ts";
import type { Status } from "../status/status.ts";
import { kindText } from "./credential-kind.ts";
import { doctorFacts, renderDoctor } from "./doctor.ts";
import { errorLine } from "./error.ts";
import { foreignWarning } from "./login.ts";
import { renderFix, type Reader } from "./next-step.ts";
import { quotaLines } from "./quota.ts";

/** The status for a reader: services that aren't OpenAI's come first, then whether a login is there. */
export function renderStatus(status: Status, now: number, timeZone: string, reader: Reader): string {
  const { pendingLogin, quota, problems, details, logFile } = status;
  // An API key goes to an API of its own.
  const foreign = status.mode === "api-key" ? undefined : foreignWarning(foreignService(status)).trimEnd();
  const lines = [foreign, headline(status, reader), troubleLine(status, reader)].filter((line) => line);
  lines.push(...loginLines(status, now, timeZone));
  if (status.setAside !== undefined) {
    const again = reader === "mcp" ? 'codex_login with method "chatgpt"' : "codex-oauth login --chatgpt";
    lines.push(`Set aside: the ChatGPT login of ${status.setAside}; ${again} uses it again.`);
  }
  if (status.defaultModel !== undefined) lines.push(`Default model: ${status.defaultModel}`);
  if (quota !== undefined) lines.push(...quotaLines(quota, now, timeZone));
  else if (status.signedIn && kindText[status.mode].hasQuota)
    lines.push("Quota: not seen yet; the next answer tells it.");
  if (pendingLogin !== undefined) {
    const until = localTime(pendingLogin.endsAt, now, timeZone);
    lines.push(
      pendingLogin.method === "browser"
        ? `A login waits for the browser until ${until}: ${pendingLogin.authorizationUrl}`
        : `A login waits until ${until} for its device code to be entered at ${pendingLogin.verificationUrl}`,
    );
  }
  if (status.failedLogin !== undefined) lines.push(`The last sign-in failed. ${errorLine(status.failedLogin, reader)}`);
  lines.push(...(problems.length === 0 ? [] : ["Configuration:", ...problems.map((line) => `  ${line}`)]));
  if (logFile !== undefined) lines.push(`Debug log: ${logFile}`);
  if (details !== undefined) lines.push("", renderDoctor(details, reader));
  return lines.join("\n");
}

/** The status for a program: with errors and fixes as sentences. */
export function statusFacts(status: Status, reader: Reader): Record<string, unknown> {
  const { failedLogin, details } = status;
  return {
    ...status,
    trouble: troubleLine(status, reader),
    failedLogin: failedLogin && errorLine(failedLogin, reader),
    details: details && doctorFacts(details, reader),
  };
}

/** Whether the trouble means signed out; a broken file or setting doesn't. */
export function isSignedOut(trouble: Status["trouble"]): boolean {
  return trouble instanceof CodexError && trouble.code.startsWith("AUTH_");
}

function troubleLine({ trouble }: Status, reader: Reader): string | undefined {
  return trouble instanceof CodexError ? errorLine(trouble, reader) : trouble;
}

/** Undefined if only the trouble is known: an unusable file or setting. */
function headline(status: Status, reader: Reader): string | undefined {
  const { mode: kind, account, signedIn, trouble, decidedBy } = status;
  if (account === undefined) {
    if (signedIn) {
      const chosen = `chosen with ${reader === "mcp" ? "codex_login" : "codex-oauth login"}`;
      const by = decidedBy === undefined ? chosen : `${decidedBy}=${kind}`;
      const { host } = new URL(status.apiOrigin);
      return `${kindText[kind].ready} at ${host} (${by}).`;
    }
    if (trouble === undefined) return `Not signed in. ${renderFix([signIn], reader).slice(0, -1)} to sign in.`;
    return isSignedOut(trouble) ? "Not signed in." : undefined;
  }
  const plan = status.plan === undefined ? "" : ` (plan ${status.plan})`;
  return `Signed in as ${account}${plan}${kindText[kind].accountNote}.`;
}

/** The login's file and expiry. */
function loginLines(status: Status, now: number, timeZone: string): string[] {
  const { mode: kind, expiresAt, authFile, encrypted, guestFile } = status;
  const { renewal, expired, fileLabel } = kindText[kind];
  const lines: string[] = [];
  if (expiresAt !== undefined) {
    const left = expiresAt - now;
    const until = `valid until ${localTime(expiresAt, now, timeZone)} (${span(left)})`;
    lines.push(`Access token: ${left > 0 ? `${until}; ${renewal}` : `expired; ${expired}`}`);
  }
  if (guestFile !== undefined && guestFile !== "") {
    lines.push(`Read from: ${guestFile}, only read and never written`);
  }
  const form = encrypted === true ? ", encrypted with a key in the system's keyring" : "";
  if (authFile !== "") lines.push(`${fileLabel}: ${authFile}${form}`);
  return lines;
}
