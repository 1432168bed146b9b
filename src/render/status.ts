import type { Status } from "../status/status-report.ts";
import { localTime, span } from "../shared/time.ts";
import { renderDoctor } from "./doctor.ts";
import { quotaLines } from "./quota.ts";

/** The status for a reader: signed in or not comes first. */
export function renderStatus(status: Status, now: number, timeZone: string): string {
  const { pendingLogin, quota, problems, details, logFile } = status;
  const lines = [headline(status), status.trouble].filter((line) => line !== undefined);
  lines.push(...loginLines(status, now, timeZone));
  if (status.defaultModel !== undefined) lines.push(`Default model: ${status.defaultModel}`);
  if (quota !== undefined) lines.push(...quotaLines(quota, now, timeZone));
  else if (status.signedIn && status.mode !== "api-key")
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
  if (mode === "api-key" && signedIn) {
    const by = decidedBy === undefined ? "chosen with codex_login" : `${decidedBy}=api-key`;
    const { host } = new URL(status.apiOrigin);
    return `Ready with an API key: OPENAI_API_KEY is set and pays for each question at ${host} (${by}).`;
  }
  if (account === undefined) {
    if (trouble === undefined) return "Not signed in. Call codex_login to sign in.";
    return trouble.startsWith("AUTH_") ? "Not signed in." : undefined;
  }
  const plan = status.plan === undefined ? "" : ` (plan ${status.plan})`;
  const guest = mode === "codex-cli" ? ", as a guest of the Codex CLI's login" : "";
  return `Signed in as ${account}${plan}${guest}.`;
}

/** Where the login is, and when it ends. */
function loginLines(status: Status, now: number, timeZone: string): string[] {
  const { mode, expiresAt, authFile, guestFile } = status;
  const guest = mode === "codex-cli";
  const lines: string[] = [];
  if (expiresAt !== undefined) {
    const left = expiresAt - now;
    const until = `valid until ${localTime(expiresAt, now, timeZone)} (${span(left)})`;
    const renewal = guest
      ? "it is not refreshed here; opening the Codex CLI renews it."
      : "it is refreshed by itself.";
    if (left > 0) lines.push(`Access token: ${until}; ${renewal}`);
    else if (guest) lines.push("Access token: expired; opening the Codex CLI renews it.");
    else lines.push("Access token: expired; the next query refreshes it.");
  }
  if (guestFile !== undefined && guestFile !== "") {
    lines.push(`Read from: ${guestFile}, only read and never written`);
  }
  if (authFile !== "") {
    lines.push(`${mode === "chatgpt" ? "Login file" : "Choice kept in"}: ${authFile}`);
  }
  return lines;
}
