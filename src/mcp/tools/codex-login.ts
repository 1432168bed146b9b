import * as z from "zod";
import { CodexError } from "../../shared/errors.ts";
import { act } from "../../shared/next-step.ts";
import { accountLabel } from "../../auth/oauth/token-set.ts";
import { renderChoice } from "../../render/credential-choice.ts";
import { renderLoginProgress, renderSignedIn, renderWaiting } from "../../render/login.ts";
import { foreignIssuer } from "../../config/config.ts";
import type { CodexContext, SignIn } from "../../app/codex.ts";
import { maxCallbackInput } from "../../auth/sign-in/callback-input.ts";
import { defineTool, type ToolResult } from "../tool.ts";

const methods = ["auto", "browser", "device", "codex-cli", "api-key"] as const;

const input = z.strictObject({
  method: z
    .enum(methods)
    .optional()
    .describe(
      "How to sign in. Default auto: the browser, or a device code where the browser cannot come back. " +
        "codex-cli uses the official CLI's login, api-key OPENAI_API_KEY; both explain first.",
    ),
  callback_url: z
    .string()
    .min(1)
    .max(maxCallbackInput)
    .optional()
    .describe(
      "Ends a waiting browser login by hand: the whole address that the browser shows after the approval, or the code in it.",
    ),
  confirm: z.boolean().optional().describe("The user agrees to what codex-cli or api-key has explained."),
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
    "Start the sign-in with ChatGPT and give what the person needs: a URL to approve at, or a device code to " +
    "enter. Where the browser cannot reach this machine, pass the address that it ends at as callback_url. " +
    "Waits a while, then says who is signed in or that it goes on waiting: call it again to wait on, or " +
    "codex_status to look. A second call joins the login that is waiting; another method replaces it. Whoever " +
    "was signed in stays so until the new login is complete. Takes no passwords or keys.",
  annotations: {
    readOnlyHint: false,
    destructiveHint: false,
    idempotentHint: true,
    openWorldHint: true,
  },
  input,
  needs: ["storage", "origins", "ports"],
  async handle(
    { method = "auto", callback_url: pasted, confirm = false, wait_seconds: waitSeconds },
    codex,
    { signal, progress },
  ) {
    const { config, limits, clock, timeZone, codexCliAccount } = codex.context;
    if (pasted !== undefined && method !== "auto" && method !== "browser") {
      throw new CodexError("BAD_REQUEST", "callback_url belongs to a browser sign-in only.", {
        next: [act("Call codex_login with callback_url and without method")],
      });
    }
    if (method === "codex-cli" || method === "api-key") {
      const choice = await codex.useMethod(method, { confirmed: confirm });
      const { kind: mode, foreignFile: _, decidedBy: __, ...facts } = choice;
      return {
        text: renderChoice(choice, "mcp", clock.now(), timeZone),
        facts: { mode, ...facts },
      };
    }
    const signIn = await codex.signIn({ method, callbackUrl: pasted });
    // Only the call that begins it shows the code.
    const told = signIn.method === "device" && signIn.joined ? { ...signIn, userCode: undefined } : signIn;
    progress.report(() => renderLoginProgress(told));
    // What was pasted needs no person any more, only the exchange and the file.
    const leastMs = pasted === undefined ? 0 : limits.tokenRequestTimeoutMs + limits.fileLockWaitMs;
    const wished = waitSeconds === undefined ? undefined : waitSeconds * 1000;
    const waitMs = pasted === undefined ? wished : Math.max(wished ?? 0, leastMs);
    const outcome = await signIn.wait({ waitMs, signal });
    if (outcome.kind === "waiting") {
      const found = method === "auto" ? await codexCliAccount() : undefined;
      return waitingResult(signIn, outcome.browserOpened, found, codex.context);
    }
    const { tokens } = outcome;
    const facts = { signedIn: true, account: accountLabel(tokens), plan: tokens.plan };
    return {
      text: renderSignedIn(tokens, foreignIssuer(config), config.auth, "mcp"),
      facts,
    };
  },
});

function waitingResult(
  signIn: SignIn,
  browserOpened: boolean,
  otherLogin: string | undefined,
  { config, clock, timeZone }: CodexContext,
): ToolResult {
  const { endsAt, joined, reason } = signIn;
  const common = { endsAt, joined, reason, foreign: foreignIssuer(config), otherLogin };
  if (signIn.method === "device") {
    const { method, verificationUrl } = signIn;
    const userCode = signIn.revealUserCode();
    const waiting = { ...common, method, verificationUrl, userCode };
    return {
      text: renderWaiting(waiting, clock.now(), timeZone),
      facts: { signedIn: false, method, verificationUrl, userCode, endsAt },
    };
  }
  const { method, authorizationUrl } = signIn;
  const waiting = { ...common, method, authorizationUrl, browserOpened };
  return {
    text: renderWaiting(waiting, clock.now(), timeZone),
    facts: { signedIn: false, method, authorizationUrl, endsAt, browserOpened },
  };
}
