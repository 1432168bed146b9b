import * as z from "zod";
import { accountLabel } from "../core/tokens.ts";
import { renderSignedIn, renderWaiting } from "../render/login.ts";
import { defaultIssuer } from "../wire/constants.ts";
import { defineTool } from "./tool.ts";

const input = z.strictObject({
  wait_seconds: z
    .number()
    .min(0)
    .max(600)
    .optional()
    .describe("How long to wait for the person. Default: 45 when a browser was opened, else 0."),
});

export const codexLogin = defineTool({
  name: "codex_login",
  title: "Sign in to Codex",
  description:
    "Start the sign-in with ChatGPT (OAuth in the browser) and give its URL; the person approves there. " +
    "Waits a while, then says who is signed in or that it goes on waiting: call it again to wait on, or " +
    "codex_status to look. A second call joins the login that is waiting. Whoever was signed in stays " +
    "so until the new login is complete. Handles no passwords or keys.",
  annotations: {
    readOnlyHint: false,
    destructiveHint: false,
    idempotentHint: true,
    openWorldHint: true,
  },
  input,
  needs: ["storage", "origins", "ports"],
  async handle(
    { wait_seconds: waitSeconds },
    { login, clock, config, timeZone },
    { signal, progress },
  ) {
    const foreign = config.issuer === defaultIssuer ? undefined : new URL(config.issuer).host;
    const attempt = await login.beginOrJoin();
    const { authorizationUrl, endsAt } = attempt.pending;
    progress.report(() => `Open this URL to sign in: ${authorizationUrl}`);
    const waitMs = waitSeconds === undefined ? undefined : waitSeconds * 1000;
    const outcome = await login.wait(attempt, waitMs, signal);
    if (outcome.kind === "signed-in") {
      const { tokens } = outcome;
      const facts = { signedIn: true, account: accountLabel(tokens), plan: tokens.plan };
      return { text: renderSignedIn(tokens, foreign), facts };
    }
    const { browserOpened } = outcome;
    const waiting = { authorizationUrl, endsAt, joined: attempt.joined, browserOpened, foreign };
    return {
      text: renderWaiting(waiting, clock.now(), timeZone),
      facts: { signedIn: false, authorizationUrl, endsAt, browserOpened },
    };
  },
});
