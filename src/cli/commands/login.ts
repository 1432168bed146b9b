import { type CredentialKind, credentialKinds, externalKinds, isExternalKind } from "../../shared/credential-kind.ts";
import type { BrowserLogin, NewLogin } from "../../auth/sign-in/login-attempt.ts";
import type { SignInMethod } from "../../auth/sign-in/login-plan.ts";
import { foreignService } from "../../config/config.ts";
import { raceSignal } from "../../platform/promises.ts";
import { renderChoice } from "../../render/credential-choice.ts";
import { choiceText } from "../../render/credential-kind.ts";
import { renderError } from "../../render/error.ts";
import { renderSignInSteps, renderSignedIn } from "../../render/login.ts";
import { CodexError, toCodexError } from "../../shared/errors.ts";
import { UsageError, type Arguments, type Command, type CommandContext } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import { confirmed, LineReader } from "../terminal/input.ts";

const pasteQuestion =
  "Waiting for the browser. If it cannot come back, paste the address that it ended at (not shown): ";
const inputEnded = "The sign-in goes on waiting for the browser; Ctrl-C ends it.";

const methods = ["device", "no-browser", ...credentialKinds] as const;

const kindOptions: Command["options"] = Object.fromEntries(
  credentialKinds.map((kind) => [kind, { type: "boolean", meaning: choiceText[kind].option }]),
);

export const login: Command = {
  name: "login",
  summary: "Sign in with ChatGPT",
  usage: "[OPTIONS]",
  options: {
    device: { type: "boolean", meaning: "with a code that is entered in any browser" },
    "no-browser": { type: "boolean", meaning: "open no browser, only show the URL" },
    ...kindOptions,
    keyring: { type: "boolean", meaning: "encrypt the login with a key in the system's keyring" },
    "no-keyring": { type: "boolean", meaning: "store the login unencrypted again" },
    yes: {
      type: "boolean",
      short: "y",
      meaning: `agree to ${externalKinds.map((kind) => `--${kind}`).join(" or ")} unasked`,
    },
  },
  notes: [
    "It waits until the browser has come back. On a terminal the address that the",
    "browser ended at can be pasted, too. It takes no key and no password.",
    "With --keyring or --no-keyring a stored login is rewritten, without a sign-in.",
  ],
  needs: ["storage", "origins", "ports"],
  check({ options }, { stdinIsTty }) {
    const [first, second] = methods.filter((method) => options[method] === true);
    if (second !== undefined) {
      throw new UsageError(`login: --${first ?? ""} and --${second} exclude each other`);
    }
    const kind = first !== undefined && isExternalKind(first) ? first : undefined;
    const storage = ["keyring", "no-keyring"].filter((option) => options[option] === true);
    if (storage.length === 2) throw new UsageError("login: --keyring and --no-keyring exclude each other");
    if (storage.length > 0 && kind !== undefined) {
      throw new UsageError(`login: --${kind} stores no login that --${storage[0] ?? ""} could concern`);
    }
    if (kind !== undefined && options["yes"] !== true && !stdinIsTty) {
      throw new UsageError(`login: --${first} asks first; add --yes where nobody can answer`);
    }
  },
  async run({ options }, context) {
    const kind = credentialKinds.find((name) => options[name] === true);
    if (kind !== undefined) return useMethod(kind, kind === "chatgpt" || options["yes"] === true, context);
    const stores = options["keyring"] === true || options["no-keyring"] === true;
    if (stores && !methods.some((method) => options[method] === true) && (await storeAnew(context))) {
      return exitCodes.ok.code;
    }
    const { config } = context.codex.context;
    const tokens = await signIn(options, context);
    const text = renderSignedIn(tokens, foreignService(config), config.auth, "cli");
    context.terminal.stdout.write(`${text}\n`);
    return exitCodes.ok.code;
  },
};

/** Encrypts or decrypts the login that is there, as the options say; false if there is none that can be used. */
async function storeAnew({ codex, terminal }: CommandContext): Promise<boolean> {
  const { config, storedAccount } = codex.context;
  const account = await storedAccount().catch((error: unknown) => {
    if (error instanceof CodexError && error.code === "AUTH_REQUIRED") return undefined;
    throw error;
  });
  if (account === undefined) return false;
  const form = config.encrypt === "keyring" ? "encrypted with a key in the system's keyring" : "stored unencrypted";
  terminal.stdout.write(`The login of ${account} is ${form}.\n`);
  return true;
}

/** Explains another credential, asks unless `agreed`, and chooses it. */
async function useMethod(kind: CredentialKind, agreed: boolean, context: CommandContext): Promise<number> {
  const { codex, terminal } = context;
  const { clock, timeZone } = codex.context;
  const choose = async (isConfirmed: boolean): Promise<string> => {
    const choice = await codex.useMethod(kind, { confirmed: isConfirmed });
    return `${renderChoice(choice, "cli", clock.now(), timeZone)}\n`;
  };
  if (!agreed) {
    terminal.stderr.write(await choose(false));
    if (!(await confirmed("Use it?", context))) return exitCodes.failed.code;
  }
  terminal.stdout.write(await choose(true));
  return exitCodes.ok.code;
}

async function signIn(options: Arguments["options"], context: CommandContext): Promise<NewLogin> {
  const { codex, terminal, signal } = context;
  const { clock, timeZone, config } = codex.context;
  const noBrowser = options["no-browser"] === true;
  const method: SignInMethod = options["device"] === true ? "device" : noBrowser ? "browser" : "auto";
  const signIn = await raceSignal(codex.signIn({ method }), signal);
  const browserOpened = await raceSignal(signIn.browserOpened, signal);
  const reason = noBrowser ? undefined : signIn.reason;
  const about = { browserOpened, reason, foreign: foreignService(config) };
  terminal.stderr.write(renderSignInSteps(signIn, about, clock.now(), timeZone));
  return signIn.method === "browser" && terminal.stdinIsTty
    ? browserOrPaste(signIn, context)
    : raceSignal(signIn.completed, signal);
}

/** Waits for the callback or a pasted callback URL, whichever comes first. */
async function browserOrPaste(pending: BrowserLogin, context: CommandContext): Promise<NewLogin> {
  const ended = new AbortController();
  const pasting = readCallbackUrl(pending, context, AbortSignal.any([context.signal, ended.signal]));
  pasting.catch(() => undefined); // it ends by the abort below
  try {
    return await raceSignal(pending.completed, context.signal);
  } finally {
    ended.abort();
    await pasting.catch(() => undefined);
  }
}

/** Asks until a pasted line belongs to this login, or the terminal is closed; then only the browser can finish it. */
async function readCallbackUrl(pending: BrowserLogin, context: CommandContext, signal: AbortSignal): Promise<void> {
  const { stdin, stderr } = context.terminal;
  let reader = new LineReader(context, true);
  let refused = "";
  try {
    for (;;) {
      const line = await reader.ask(pasteQuestion, signal);
      if (line === undefined) {
        const closed = stdin.readableEnded || stdin.destroyed;
        // After Ctrl-D the terminal is still open, and must not echo a paste either: it is hidden again before the note.
        reader.close();
        if (!closed) reader = new LineReader(context, true);
        stderr.write(`${inputEnded}\n`);
        if (closed) return;
        continue;
      }
      const pasted = continuesUrl(refused, line) ? refused + line : line;
      if (pasted.trim() !== "" && (await finishes(pasted, pending, context))) return;
      refused = pasted;
    }
  } finally {
    reader.close();
  }
}

/** Whether a line is the rest of a URL that was pasted with a line break in it. */
function continuesUrl(refused: string, line: string): boolean {
  const response = /(code|error)(=|%3D)|#/i;
  return response.test(refused) && !response.test(line) && line.trim() !== "";
}

/** Whether the login accepts it; if not, the reason is printed. */
async function finishes(pasted: string, pending: BrowserLogin, context: CommandContext): Promise<boolean> {
  const { clock, timeZone, redactor } = context.codex.context;
  try {
    await pending.finish(pasted);
    return true;
  } catch (error) {
    const text = renderError(toCodexError(error), clock.now(), timeZone, "cli");
    context.terminal.stderr.write(`${redactor.redactAll(text)}\n`);
    return false;
  }
}
