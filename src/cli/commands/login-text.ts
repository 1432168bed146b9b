import type { LoginReason } from "../../auth/sign-in/login-plan.ts";
import { localTime } from "../../shared/time.ts";
import { sentence } from "../../render/login.ts";
import type { PendingLogin } from "../../auth/sign-in/login-run.ts";

export const pasteQuestion =
  "Waiting for the browser. If it cannot come back, paste the address that it ended at (not shown): ";

export const inputEnded = "The sign-in goes on waiting for the browser; Ctrl-C ends it.";

export interface AboutLogin {
  /** Whether a browser was opened. */
  opened: boolean;
  /** Why it is not the login of a desktop. */
  reason: LoginReason | undefined;
  /** The issuer's host where it is not OpenAI's own server. */
  foreign: string | undefined;
}

/** What the person does now. */
export function loginInstructions(
  login: PendingLogin,
  { opened, reason, foreign }: AboutLogin,
  now: number,
  timeZone: string,
): string {
  const until = `The sign-in waits until ${localTime(login.endsAt, now, timeZone)}.`;
  const lines: string[] = [];
  if (foreign !== undefined) lines.push(`Not OpenAI's own server: this login is at ${foreign}.`);
  if (reason !== undefined) lines.push(sentence(reason));
  if (login.method === "browser") {
    lines.push(
      opened
        ? "A browser window was opened. If it did not appear, open this URL to sign in:"
        : "Open this URL to sign in:",
      "",
      login.authorizationUrl,
      "",
      `${until} The other way is codex-oauth login --device.`,
    );
  } else {
    lines.push(
      "First allow device code authorization in ChatGPT's settings, under Security; a workspace may forbid it.",
      `Then open ${login.verificationUrl} in any browser and enter this code:`,
      "",
      login.userCode,
      "",
      "Only enter this code if you started this sign-in yourself, and give it to nobody.",
      until,
    );
  }
  return `${lines.join("\n")}\n`;
}
