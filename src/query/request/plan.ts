import { clampEffort, isReasoningEffort, type ReasoningEffort, type Verbosity } from "../../models/effort.ts";
import type { ApiDialect } from "../../api/dialect.ts";
import { CodexError } from "../../shared/errors.ts";
import { either, setVariable } from "../../shared/next-step.ts";
import { defaultModel, findModel, usableNames, type CodexModel, type ModelList } from "../../models/model.ts";
import type { QueryRequest } from "./request.ts";

/** Model and options to send for a request, by the model list. */
export interface QueryPlan {
  slug: string;
  /** The list's entry; undefined for an unlisted name. */
  model: CodexModel | undefined;
  effort: ReasoningEffort | undefined;
  verbosity: Verbosity | undefined;
  /** Undefined also if the service refuses it. */
  temperature?: number | undefined;
  /** As `temperature`. */
  maxOutputTokens?: number | undefined;
  notices: string[];
}

export interface QueryDefaults {
  model: string | undefined;
  reasoningEffort: ReasoningEffort | undefined;
}

export interface PlanContext extends QueryDefaults {
  takesSamplingParameters: ApiDialect["takesSamplingParameters"];
}

/**
 * Chooses model, effort and verbosity for a request.
 *
 * @throws CodexError `MODEL_UNAVAILABLE` if a fresh list of the account lacks the requested name
 */
export function planQuery(request: QueryRequest, list: ModelList, context: PlanContext): QueryPlan {
  const slug = request.model ?? context.model ?? defaultModel(list.models)?.slug;
  if (slug === undefined) {
    throw new CodexError("MODEL_UNAVAILABLE", "The account's model list has no model to use.", {
      why: `Listed: ${usableNames(list.models).join(", ") || "none"}; none of them is a default.`,
      next: [either({ do: "choose-model" }, setVariable("CODEX_MODEL"))],
    });
  }
  const model = findModel(list.models, slug);
  if (model === undefined && list.fresh) throw unknownModel(slug, list);
  return planFor(slug, model, request, context);
}

/** Plans the request for a given model. */
export function planFor(
  slug: string,
  model: CodexModel | undefined,
  request: QueryRequest,
  context: PlanContext,
): QueryPlan {
  const notices: string[] = [];
  const requested = request.reasoningEffort ?? context.reasoningEffort;
  const effort = chooseEffort(slug, model, requested, notices);
  let { verbosity } = request;
  if (verbosity !== undefined && model?.supportsVerbosity === false) {
    notices.push(`verbosity was not sent: ${slug} does not take it.`);
    verbosity = undefined;
  }
  const temperature = context.takesSamplingParameters ? request.temperature : undefined;
  if (temperature !== request.temperature) notices.push("temperature was not sent: the ChatGPT service refuses it.");
  const maxOutputTokens = context.takesSamplingParameters ? request.maxOutputTokens : undefined;
  if (maxOutputTokens !== request.maxOutputTokens) {
    notices.push("maxOutputTokens was not sent: the ChatGPT service refuses it.");
  }
  return { slug, model, effort, verbosity, temperature, maxOutputTokens, notices };
}

function chooseEffort(
  slug: string,
  model: CodexModel | undefined,
  requested: ReasoningEffort | undefined,
  notices: string[],
): ReasoningEffort | undefined {
  const { efforts = [], defaultEffort = "" } = model ?? {};
  if (requested === undefined) {
    return isReasoningEffort(defaultEffort) ? clampEffort(defaultEffort, efforts) : undefined;
  }
  const effort = clampEffort(requested, efforts);
  if (effort !== requested) {
    notices.push(
      requested === "ultra"
        ? `Effort ultra was sent as ${effort}, the highest that the service takes.`
        : `Effort ${requested} was sent as ${effort}: ${slug} takes ${efforts.join(", ")}.`,
    );
  }
  return effort;
}

function unknownModel(slug: string, list: ModelList): CodexError {
  return new CodexError("MODEL_UNAVAILABLE", `This account has no model called "${slug}".`, {
    why: `Usable: ${usableNames(list.models).join(", ") || "none"}.`,
    next: [{ do: "choose-model", which: "named" }],
  });
}
