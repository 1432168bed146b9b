import type { CodexError, CodexErrorCode } from "../shared/errors.ts";
import { either, setVariable, type NextStep, type NextSteps } from "../shared/next-step.ts";
import { lowerFirst } from "../shared/text.ts";
import { span } from "../shared/time.ts";

/** Who reads: a model (MCP), a user (CLI) or a program (library). */
export type Reader = "mcp" | "cli" | "library";

/**
 * Errors after which a model may repeat its call: it can sign in, or correct the call. It can't fix a network or free a
 * disk, and codex-oauth has retried, so after any other the user decides. The commands and the skill name the same ones.
 */
const modelRepeats: ReadonlySet<CodexErrorCode> = new Set([
  "AUTH_REQUIRED",
  "AUTH_EXPIRED",
  "MODEL_UNAVAILABLE",
  "BAD_REQUEST",
]);

/** The next steps of an error as sentences for a reader. */
export function renderNext({ code, next, details }: CodexError, reader: Reader): string {
  const { resetsAt, retryAfterMs } = details;
  const hasTime = Boolean(resetsAt ?? retryAfterMs);
  if (reader === "mcp" && !modelRepeats.has(code)) return renderForUser(next, hasTime);
  return `${joinClauses(next, { voice: reader, hasTime, asksUser: false })}.`;
}

/** For a model that must not act by itself: to tell the user, and what they can do. */
function renderForUser(steps: NextSteps, hasTime: boolean): string {
  const retryAt = steps.findIndex((step) => step.do === "retry");
  const first = retryAt === -1 ? steps : steps.slice(0, retryAt);
  const later = retryAt === -1 ? [] : steps.slice(retryAt);
  const options = [first, later].map((part) =>
    lowerFirst(joinClauses(onlyUsers(part), { voice: "user", hasTime, asksUser: true })),
  );
  const [now = "", afterwards = ""] = options;
  const sentences = [
    "Tell the user; try again only if they ask.",
    now && `They can ${now}.`,
    afterwards && `If it fails again, they can ${afterwards}.`,
  ];
  return sentences.filter((sentence) => sentence !== "").join(" ");
}

/** The steps without those that the order to tell the user stands for. */
function onlyUsers(steps: NextSteps): NextSteps {
  return steps.flatMap((step): NextStep[] => {
    if (step.do === "retry" || step.do === "nothing") return [];
    if (step.do !== "either") return [step];
    const of = step.of.map(onlyUsers).filter((alternative) => alternative.length > 0);
    return of.length === 0 ? [] : [either(...of)];
  });
}

/** The fix of a finding as sentences for a reader. */
export function renderFix(steps: NextSteps, reader: Reader): string {
  const text = joinClauses(steps, { voice: reader, hasTime: false, asksUser: reader === "mcp" });
  return text.startsWith("Run: ") ? text : `${text}.`; // a command is to be pasted
}

/**
 * The steps that a person takes outside codex-oauth, a sentence each: for the page in the browser, which cannot know
 * how its reader has started the sign-in.
 */
export function renderOutside(steps: NextSteps): string[] {
  return stepsOutside(steps).map((step) => `${clauseOf(step, { voice: "cli", hasTime: false, asksUser: false })}.`);
}

function stepsOutside(steps: NextSteps): NextStep[] {
  return steps.flatMap((step) => {
    switch (step.do) {
      case "act":
        return [step];
      case "set-variable":
        return [setVariable(step.name, step.to ?? "another value")];
      case "either": {
        const outside = step.of.flatMap(stepsOutside);
        return outside.length === 0 ? [] : [either(...outside)];
      }
      default:
        return [];
    }
  });
}

interface RenderContext {
  /** "user": completes "the user of an MCP client can". */
  voice: Reader | "user";
  /** The text before the steps names the time to wait for. */
  hasTime: boolean;
  /** The reader is a model, and the user decides whether to try again. */
  asksUser: boolean;
}

/** "Do this, then that. If it fails again, do a third thing", without the last full stop. */
function joinClauses(steps: NextSteps, context: RenderContext): string {
  const { voice, asksUser } = context;
  let text = "";
  for (const [n, step] of steps.entries()) {
    const before = steps[n - 1];
    const clause = clauseOf(step, context);
    if (before === undefined) text = clause;
    else if (asksUser && step.do === "retry") text += `. ${clause}`;
    else if (before.do === "retry") {
      const who = voice === "mcp" && step.do === "act" ? "the user can " : "";
      text += `. If it fails again, ${who}${lowerFirst(clause)}`;
    } else text += `, then ${lowerFirst(clause)}`;
  }
  return text;
}

function clauseOf(step: NextStep, context: RenderContext): string {
  const { voice, hasTime, asksUser } = context;
  const texts = terms[voice];
  switch (step.do) {
    case "sign-in":
      return texts["sign-in"](step.method);
    case "use-method":
      return texts["use-method"](step.method);
    case "choose-model":
      if (step.which === "named") return texts["named-model"];
      if (step.which === undefined) return texts["listed-model"];
      return `Name ${step.which === "larger" ? "a model with a larger context window" : "another model"} (${texts.models} lists them)`;
    case "wait":
      if (step.for === "reset") return "Wait until the limit resets";
      if (step.for !== undefined) return `Wait ${span(step.for)}`;
      return hasTime ? "Wait for the time that the message names" : "Wait a minute or two";
    case "set-variable":
      return `Set ${step.name}${step.to === undefined ? "" : ` to ${step.to}`}${texts["and-restart"]}`;
    case "unset-variable":
      return `Unset ${step.names.join(" and ")}${texts["and-restart"]}`;
    case "retry":
      return asksUser ? "Tell the user; try again only if they ask" : texts.retry;
    case "act":
      return step.what;
    case "either":
      return step.of
        .map((steps) => joinClauses(steps, context))
        .map((text, n) => (n === 0 ? text : lowerFirst(text)))
        .join(", or ");
    default:
      return texts[step.do];
  }
}

const mcp = {
  "sign-in": (method?: string) =>
    method === undefined ? "Call codex_login" : `Call codex_login with method "${method}"`,
  "use-method": (method: string) => `Call codex_login with method "${method}"`,
  "paste-callback-url": "Call codex_login with that URL as callback_url",
  "listed-model": "Call codex_models and repeat the call with a listed model, or without one",
  "named-model": "Repeat the call with one of these names, or without model",
  models: "codex_models",
  "correct-request": "Correct the field that the message names",
  retry: "Repeat the call",
  "check-status": "Call codex_status",
  "run-doctor": "Tell the user to run codex-oauth doctor",
  restart: "Restart Claude Code",
  "and-restart": " and restart Claude Code",
  nothing: "Nothing to do; try again only if the user asks",
};

const terms: Record<RenderContext["voice"], typeof mcp> = {
  mcp,
  user: {
    ...mcp,
    "sign-in": (method) => `Ask you to ${lowerFirst(mcp["sign-in"](method))}`,
    "use-method": (method) => `Ask you to ${lowerFirst(mcp["use-method"](method))}`,
    "paste-callback-url": "Paste that URL",
    "listed-model": "Name a listed model (codex_models lists them), or none",
    "named-model": "Name one of these models, or none",
    "check-status": "Ask you to call codex_status",
    "run-doctor": "Run codex-oauth doctor",
  },
  cli: {
    "sign-in": (method) => `Run codex-oauth login${method === "device" ? " --device" : ""}`,
    "use-method": (method) => `Run codex-oauth login --${method}`,
    "paste-callback-url": "Paste that URL here",
    "listed-model": "Run codex-oauth models, then name a listed model with --model, or none",
    "named-model": "Repeat the command with one of these names, or without --model",
    models: "codex-oauth models",
    "correct-request": "Correct the option that the message names",
    retry: "Repeat the command",
    "check-status": "Run codex-oauth status",
    "run-doctor": "Run codex-oauth doctor",
    restart: "Repeat the command",
    "and-restart": "", // each command is a start of its own
    nothing: "Nothing to do; repeat the command if it is still wanted",
  },
  library: {
    "sign-in": (method) => `Call signIn(${method === undefined ? "" : `{ method: "${method}" }`})`,
    "use-method": (method) => `Call useMethod("${method}")`,
    "paste-callback-url": "Pass that URL to signIn() as callbackUrl",
    "listed-model": "Ask again with a model that models() lists, or without one",
    "named-model": "Ask again with one of these names, or without model",
    models: "models()",
    "correct-request": "Correct the field that the message names",
    retry: "Try again",
    "check-status": "Call status()",
    "run-doctor": "Call doctor()",
    restart: "Restart the program",
    "and-restart": " and restart the program",
    nothing: "Nothing to do; try again if it is still wanted",
  },
};
