import type { SignInMethod } from "../../auth/sign-in/login-plan.ts";
import type { TokenSet } from "../../auth/oauth/token-set.ts";
import { renderError } from "../../render/error.ts";
import { renderSignInSteps, renderSignedIn } from "../../render/login.ts";
import { toCodexError } from "../../shared/errors.ts";
import { raceSignal } from "../../platform/promises.ts";
import { foreignIssuer } from "../../config/config.ts";
import type { BrowserLogin } from "../../auth/sign-in/login-attempt.ts";
import { chooseMode } from "../confirm.ts";
import { UsageError, type Arguments, type Command, type CommandContext } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import { LineReader } from "../terminal/input.ts";

const pasteQuestion =
  "Waiting for the browser. If it cannot come back, paste the address that it ended at (not shown): ";
const inputEnded = "The sign-in goes on waiting for the browser; Ctrl-C ends it.";

const ways = ["device", "no-browser", "codex-cli", "api-key"] as const;

export const login: Command = {
  name: "login",
  summary: "Sign in with ChatGPT",
  usage: "[OPTIONS]",
  options: {
    device: { type: "boolean", meaning: "with a code that is entered in any browser" },
    "no-browser": { type: "boolean", meaning: "open no browser, only show the URL" },
    "codex-cli": { type: "boolean", meaning: "use the login of OpenAI's own Codex CLI" },
    "api-key": { type: "boolean", meaning: "use OPENAI_API_KEY of the environment" },
    yes: { type: "boolean", short: "y", meaning: "agree to --codex-cli or --api-key unasked" },
  },
  takesPositionals: false,
  notes: [
    "It waits until the browser has come back. On a terminal the address that the",
    "browser ended at can be pasted, too. It takes no key and no password.",
  ],
  needs: ["storage", "origins", "ports"],
  check({ options }, { stdinIsTty }) {
    const chosen = ways.filter((way) => options[way] === true);
    const [first, second] = chosen;
    if (second !== undefined) {
      throw new UsageError(`login: --${first ?? ""} and --${second} exclude each other`);
    }
    const asks = first === "codex-cli" || first === "api-key";
    if (asks && options["yes"] !== true && !stdinIsTty) {
      throw new UsageError(`login: --${first} asks first; add --yes where nobody can answer`);
    }
  },
  async run({ options }, context) {
    for (const mode of ["codex-cli", "api-key"] as const) {
      if (options[mode] === true) return chooseMode(mode, options["yes"] === true, context);
    }
    const { config } = context.codex.context;
    const tokens = await signIn(options, context);
    const text = renderSignedIn(tokens, foreignIssuer(config), config.auth, "cli");
    context.terminal.stdout.write(`${text}\n`);
    return exitCodes.ok.code;
  },
};

async function signIn(options: Arguments["options"], context: CommandContext): Promise<TokenSet> {
  const { codex, terminal, signal } = context;
  const { clock, timeZone, config } = codex.context;
  const quiet = options["no-browser"] === true;
  const method: SignInMethod = options["device"] === true ? "device" : quiet ? "browser" : "auto";
  const signIn = await raceSignal(codex.signIn({ method }), signal);
  const browserOpened = await raceSignal(signIn.browserOpened, signal);
  const reason = quiet ? undefined : signIn.reason;
  const about = { browserOpened, reason, foreign: foreignIssuer(config) };
  terminal.stderr.write(renderSignInSteps(signIn, about, clock.now(), timeZone));
  return signIn.method === "browser" && terminal.stdinIsTty
    ? browserOrPaste(signIn, context)
    : raceSignal(signIn.completed, signal);
}

/** The callback and what the person pastes, whichever comes first. */
async function browserOrPaste(pending: BrowserLogin, context: CommandContext): Promise<TokenSet> {
  const over = new AbortController();
  const pasting = takePaste(pending, context, AbortSignal.any([context.signal, over.signal]));
  pasting.catch(() => undefined); // it only ends by force
  try {
    return await raceSignal(pending.completed, context.signal);
  } finally {
    over.abort();
    await pasting.catch(() => undefined);
  }
}

/** Ask until something pasted belongs to this login, or the terminal is gone; then only the browser can end it. */
async function takePaste(pending: BrowserLogin, context: CommandContext, signal: AbortSignal): Promise<void> {
  const { stdin, stderr } = context.terminal;
  let reader = new LineReader(context, true);
  let refused = "";
  try {
    for (;;) {
      const line = await reader.ask(pasteQuestion, signal);
      if (line === undefined) {
        const over = stdin.readableEnded || stdin.destroyed;
        // Ctrl-D: the terminal is still there, and must not show what is pasted all the same; it is
        // told only once the silence holds again.
        reader.close();
        if (!over) reader = new LineReader(context, true);
        stderr.write(`${inputEnded}\n`);
        if (over) return;
        continue;
      }
      const pasted = continues(refused, line) ? refused + line : line;
      if (pasted.trim() !== "" && isTaken(pasted, pending, context)) return;
      refused = pasted;
    }
  } finally {
    reader.close();
  }
}

/** Whether a line is the rest of an address that was pasted with a line break in it. */
function continues(refused: string, line: string): boolean {
  const ownAnswer = /(code|error)(=|%3D)|#/i;
  return ownAnswer.test(refused) && !ownAnswer.test(line) && line.trim() !== "";
}

/** Whether the login goes on with it; if not, it is said why. */
function isTaken(pasted: string, pending: BrowserLogin, context: CommandContext): boolean {
  const { clock, timeZone, redactor } = context.codex.context;
  try {
    pending.finish(pasted);
    return true;
  } catch (error) {
    const text = renderError(toCodexError(error), clock.now(), timeZone, "cli");
    context.terminal.stderr.write(`${redactor.redactAll(text)}\n`);
    return false;
  }
}
