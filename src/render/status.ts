import type { Status } from "../core/status.ts";
import { localTime, span } from "../core/time.ts";
import { renderDoctor } from "./doctor.ts";
import { quotaLines } from "./quota.ts";

/** The status for a reader: signed in or not comes first. */
export function renderStatus(status: Status, now: number, timeZone: string): string {
  const { pendingLogin, quota, problems, details, logFile } = status;
  const lines = [headline(status)];
  if (status.trouble !== undefined) lines.push(status.trouble);
  if (status.expiresAt !== undefined) {
    const left = status.expiresAt - now;
    lines.push(
      left > 0
        ? `Access token: valid until ${localTime(status.expiresAt, now, timeZone)} (${span(left)}); it is refreshed by itself.`
        : "Access token: expired; the next query refreshes it.",
    );
  }
  if (status.authFile !== "") lines.push(`Login file: ${status.authFile}`);
  if (status.defaultModel !== undefined) lines.push(`Default model: ${status.defaultModel}`);
  if (quota !== undefined) lines.push(...quotaLines(quota, now, timeZone));
  else if (status.signedIn) lines.push("Quota: not seen yet; the next answer tells it.");
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

function headline(status: Status): string {
  if (status.account === undefined) {
    return status.trouble === undefined
      ? "Not signed in. Call codex_login to sign in."
      : "Not signed in.";
  }
  const plan = status.plan === undefined ? "" : ` (plan ${status.plan})`;
  return `Signed in as ${status.account}${plan}.`;
}
