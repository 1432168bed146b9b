import type { Status } from "../status/status-report.ts";
import { localTime, span } from "../shared/time.ts";
import { kindText } from "./credential-kind.ts";
import { renderDoctor } from "./doctor.ts";
import { quotaLines } from "./quota.ts";

/** The status for a reader: signed in or not comes first. */
export function renderStatus(status: Status, now: number, timeZone: string): string {
  const { pendingLogin, quota, problems, details, logFile } = status;
  const lines = [headline(status), status.trouble].filter((line) => line !== undefined);
  lines.push(...loginLines(status, now, timeZone));
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
  if (status.failedLogin !== undefined)
    lines.push(`The last sign-in failed. ${status.failedLogin}`);
  lines.push(
    ...(problems.length === 0 ? [] : ["Configuration:", ...problems.map((line) => `  ${line}`)]),
  );
  if (logFile !== undefined) lines.push(`Debug log: ${logFile}`);
  if (details !== undefined) lines.push("", renderDoctor(details));
  return lines.join("\n");
}

/** Undefined where the trouble is all that is known: a file or a setting that cannot be used. */
function headline(status: Status): string | undefined {
  const { mode, account, signedIn, trouble, decidedBy } = status;
  if (account === undefined) {
    if (signedIn) {
      const by = decidedBy === undefined ? "chosen with codex_login" : `${decidedBy}=${mode}`;
      const { host } = new URL(status.apiOrigin);
      return `${kindText[mode].ready} at ${host} (${by}).`;
    }
    if (trouble === undefined) return "Not signed in. Call codex_login to sign in.";
    return trouble.startsWith("AUTH_") ? "Not signed in." : undefined;
  }
  const plan = status.plan === undefined ? "" : ` (plan ${status.plan})`;
  return `Signed in as ${account}${plan}${kindText[mode].asGuest}.`;
}

/** Where the login is, and when it ends. */
function loginLines(status: Status, now: number, timeZone: string): string[] {
  const { mode, expiresAt, authFile, guestFile } = status;
  const { renewal, expired, kept } = kindText[mode];
  const lines: string[] = [];
  if (expiresAt !== undefined) {
    const left = expiresAt - now;
    const until = `valid until ${localTime(expiresAt, now, timeZone)} (${span(left)})`;
    lines.push(`Access token: ${left > 0 ? `${until}; ${renewal}` : `expired; ${expired}`}`);
  }
  if (guestFile !== undefined && guestFile !== "") {
    lines.push(`Read from: ${guestFile}, only read and never written`);
  }
  if (authFile !== "") lines.push(`${kept}: ${authFile}`);
  return lines;
}
