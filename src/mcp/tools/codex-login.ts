import * as z from "zod";
import type { CodexContext, ComposedCodex, SignIn } from "../../app/codex.ts";
import type { OtherAccount } from "../../auth/chooser.ts";
import { accountLabel } from "../../auth/oauth/token-set.ts";
import { maxCallbackInput } from "../../auth/sign-in/callback-input.ts";
import { signInMethods } from "../../auth/sign-in/login-plan.ts";
import { foreignService } from "../../config/config.ts";
import { renderChoice } from "../../render/credential-choice.ts";
import { choiceText } from "../../render/credential-kind.ts";
import { renderLoginProgress, renderSignedIn, renderWaiting } from "../../render/login.ts";
import { type CredentialKind, externalKinds, isCredentialKind } from "../../shared/credential-kind.ts";
import { CodexError } from "../../shared/errors.ts";
import { act } from "../../shared/next-step.ts";
import { defineTool, type ToolResult } from "../tool.ts";

const methods = [...signInMethods, "chatgpt", ...externalKinds] as const;

const input = z.strictObject({
  method: z
    .enum(methods)
    .optional()
    .describe(
      "How to sign in. Default auto: the browser, or a device code where the browser cannot come back. " +
        `${externalKinds.map((kind) => choiceText[kind].tool).join(", ")}; both explain first. ${choiceText.chatgpt.tool}.`,
    ),
  callback_url: z
    .string()
    .min(1)
    .max(maxCallbackInput)
    .optional()
    .describe(
      "Ends a waiting browser login by hand: the whole address that the browser shows after the approval, or the code in it.",
    ),
  confirm: z
    .boolean()
    .optional()
    .describe(
      `The user agrees to what ${externalKinds.join(" or ")} has explained. Counts only after a call that explained it.`,
    ),
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
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: true },
  input,
  needs: ["storage", "origins", "ports"],
  async handle({ method, callback_url: callbackUrl, confirm = false, wait_seconds: waitSeconds }, codex, call) {
    const { config, limits, otherAccounts } = codex.context;
    if (callbackUrl !== undefined && method !== undefined && method !== "auto" && method !== "browser") {
      throw new CodexError("BAD_REQUEST", "callback_url belongs to a browser sign-in only.", {
        next: [act("Call codex_login with callback_url and without method")],
      });
    }
    if (method !== undefined && isCredentialKind(method)) return useMethod(method, confirm, codex);
    const signIn = await codex.signIn({ method, callbackUrl });
    // Only the call that begins the sign-in shows the code.
    const shown = signIn.method === "device" && signIn.joined ? { ...signIn, userCode: undefined } : signIn;
    call.progress.report(() => renderLoginProgress(shown, foreignService(config)));
    // A pasted callback URL waits for no user, only for the token exchange and the file.
    const exchangeMs = limits.tokenRequestTimeoutMs + limits.fileLockWaitMs;
    const askedMs = waitSeconds === undefined ? undefined : waitSeconds * 1000;
    const waitMs = callbackUrl === undefined ? askedMs : Math.max(askedMs ?? 0, exchangeMs);
    const outcome = await signIn.wait({ waitMs, signal: call.signal, keepOnAbort: isClientTimeout });
    if (outcome.kind === "waiting") {
      const accounts = method === undefined || method === "auto" ? await otherAccounts() : [];
      return waitingResult(signIn, outcome.browserOpened, accounts, codex.context);
    }
    const { tokens } = outcome;
    return {
      text: renderSignedIn(tokens, foreignService(config), config.auth, "mcp"),
      facts: { signedIn: true, account: accountLabel(tokens), plan: tokens.plan, accountChange: tokens.accountChange },
    };
  },
});

/** A choice that costs, or uses another program's login, takes two calls: one explains, one brings the user's yes. */
async function useMethod(kind: CredentialKind, confirm: boolean, codex: ComposedCodex): Promise<ToolResult> {
  const { explanations, clock, timeZone } = codex.context;
  const explained = await codex.useMethod(kind);
  const agreed = kind === "chatgpt" || (confirm && explanations.take(explained));
  if (!agreed) explanations.give(explained);
  const choice = agreed ? await codex.useMethod(kind, { confirmed: true }) : explained;
  const early =
    confirm && !choice.confirmed ? "confirm did not count: it takes an explanation of the last ten minutes.\n\n" : "";
  const { kind: mode, guestFile: _, decidedBy: __, ...facts } = choice;
  return { text: `${early}${renderChoice(choice, "mcp", clock.now(), timeZone)}`, facts: { mode, ...facts } };
}

function waitingResult(
  signIn: SignIn,
  browserOpened: boolean,
  otherAccounts: readonly OtherAccount[],
  { config, clock, timeZone }: CodexContext,
): ToolResult {
  const { endsAt, joined, reason } = signIn;
  const steps =
    signIn.method === "device"
      ? { method: signIn.method, verificationUrl: signIn.verificationUrl, userCode: signIn.revealUserCode() }
      : { method: signIn.method, authorizationUrl: signIn.authorizationUrl, browserOpened };
  const waiting = { ...steps, endsAt, joined, reason, foreign: foreignService(config), otherAccounts };
  return { text: renderWaiting(waiting, clock.now(), timeZone), facts: { signedIn: false, ...steps, endsAt } };
}

/** MCP clients name their own timeout in the reason of a cancellation. */
function isClientTimeout(reason: unknown): boolean {
  const text = reason instanceof Error ? reason.message : String(reason);
  return /time[d -]*out/i.test(text);
}
