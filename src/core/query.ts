import type {
  ConversationItem,
  FunctionCall,
  FunctionTool,
  OutputItem,
  ToolChoice,
} from "./conversation.ts";
import type { LoginMode } from "./credentials.ts";
import { clampEffort, isReasoningEffort, type ReasoningEffort, type Verbosity } from "./effort.ts";
import { CodexError } from "./errors.ts";
import { defaultModel, findModel, usableNames, type CodexModel, type ModelList } from "./models.ts";
import type { Quota } from "./quota.ts";
import type { Usage } from "./response-events.ts";
import type { Source } from "./sources.ts";

/** One question: a prompt, or a conversation whose last item asks; exactly one of the two. */
export interface QueryRequest {
  prompt?: string | undefined;
  input?: readonly ConversationItem[] | undefined;
  /** Functions that the model may ask for. */
  tools?: readonly FunctionTool[] | undefined;
  /** Default "auto". */
  toolChoice?: ToolChoice | undefined;
  model?: string | undefined;
  systemPrompt?: string | undefined;
  reasoningEffort?: ReasoningEffort | undefined;
  verbosity?: Verbosity | undefined;
  /** Sent with an API key only: the ChatGPT service refuses it. */
  temperature?: number | undefined;
}

/** One whole answer. */
export interface QueryReply {
  /** Empty where the model only calls functions. */
  text: string;
  /** How the question was paid for. */
  mode: LoginMode;
  /** True when the text is the model's refusal to answer. */
  refused: boolean;
  /** Pages that the answer cites, without those whose URL stands in the text. */
  sources: readonly Source[];
  /** What the model wants called, in its order. */
  functionCalls: readonly FunctionCall[];
  /** Everything that the model gave; append it to the conversation before the next turn. */
  items: readonly OutputItem[];
  model: string;
  effort: string | undefined;
  usage: Usage | undefined;
  durationMs: number;
  quota: Quota | undefined;
  /** What was not done as asked, one sentence each. */
  notices: readonly string[];
}

/** What a query tells while it runs. */
export type QueryProgress =
  | { type: "queued"; ahead: number }
  | { type: "sent" }
  | { type: "retry"; attempt: number; delayMs: number; reason: string }
  | { type: "thinking"; heading: string | undefined }
  | { type: "writing"; characters: number };

/** What goes on the wire for a request, decided by the catalogue. */
export interface QueryPlan {
  slug: string;
  /** The catalogue's entry; undefined for a name that no list has. */
  model: CodexModel | undefined;
  effort: ReasoningEffort | undefined;
  verbosity: Verbosity | undefined;
  /** Undefined also where the service is known to refuse it. */
  temperature?: number | undefined;
  notices: string[];
}

export interface QueryDefaults {
  model: string | undefined;
  reasoningEffort: ReasoningEffort | undefined;
  /** The API for keys takes a temperature, for some models; the ChatGPT service for none. */
  takesTemperature?: boolean;
}

/**
 * Choose model, effort and verbosity. A listed name is taken as asked.
 *
 * @throws CodexError `MODEL_UNAVAILABLE` when a fresh list of the account lacks the name.
 */
export function planQuery(
  request: QueryRequest,
  list: ModelList,
  defaults: QueryDefaults,
): QueryPlan {
  const slug = request.model ?? defaults.model ?? defaultModel(list.models)?.slug;
  if (slug === undefined) {
    throw new CodexError("MODEL_UNAVAILABLE", "The account's model list has no model to use.", {
      why: `Listed: ${usableNames(list.models).join(", ") || "none"}; none of them is a default.`,
      next: "Repeat the call with a model from codex_models, or set CODEX_MODEL.",
    });
  }
  const model = findModel(list.models, slug);
  if (model === undefined && list.fresh) throw unknownModel(slug, list);
  return planFor(slug, model, request, defaults);
}

/** The same question for a given model. */
export function planFor(
  slug: string,
  model: CodexModel | undefined,
  request: QueryRequest,
  defaults: QueryDefaults,
): QueryPlan {
  const notices: string[] = [];
  const asked = request.reasoningEffort ?? defaults.reasoningEffort;
  const effort = chooseEffort(slug, model, asked, notices);
  let { verbosity } = request;
  if (verbosity !== undefined && model?.supportsVerbosity === false) {
    notices.push(`verbosity was not sent: ${slug} does not take it.`);
    verbosity = undefined;
  }
  const temperature = defaults.takesTemperature === true ? request.temperature : undefined;
  if (temperature !== request.temperature) {
    notices.push("temperature was not sent: the ChatGPT service refuses it.");
  }
  return { slug, model, effort, verbosity, temperature, notices };
}

function chooseEffort(
  slug: string,
  model: CodexModel | undefined,
  asked: ReasoningEffort | undefined,
  notices: string[],
): ReasoningEffort | undefined {
  if (asked === undefined) {
    const standard = model?.defaultEffort;
    return standard !== undefined && isReasoningEffort(standard)
      ? clampEffort(standard, model?.efforts)
      : undefined;
  }
  const supported = model === undefined || model.efforts.length === 0 ? undefined : model.efforts;
  const effort = clampEffort(asked, supported);
  if (effort !== asked) {
    notices.push(
      asked === "ultra"
        ? `Effort ultra was sent as ${effort}, the highest that the service takes.`
        : `Effort ${asked} was sent as ${effort}: ${slug} takes ${(supported ?? []).join(", ")}.`,
    );
  }
  return effort;
}

/** For a name that a fresh list of the account does not have; says which names can be used. */
export function unknownModel(slug: string, list: ModelList): CodexError {
  return new CodexError("MODEL_UNAVAILABLE", `This account has no model called "${slug}".`, {
    why: `Usable: ${usableNames(list.models).join(", ") || "none"}.`,
    next: "Repeat the call with one of these names, or without model.",
  });
}
