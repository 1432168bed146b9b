import * as z from "zod";
import { optionalText } from "../shared/json.ts";
import { modelName } from "./model-name.ts";
import type { CodexModel } from "./model.ts";

/** An effort, known or new. Notices show it, so it must look like a name. */
const effortName = z.string().regex(/^[\w-]{1,40}$/);
const contextSize = z.number().int().positive().optional().catch(undefined);

/** One entry of the models endpoint; only the name is required (docs/wire.md §15). */
const wireModel = z.object({
  slug: z.string().regex(modelName),
  display_name: optionalText,
  description: optionalText,
  visibility: optionalText,
  priority: z.number().optional().catch(undefined),
  default_reasoning_level: effortName.optional().catch(undefined),
  supported_reasoning_levels: z
    .array(z.object({ effort: effortName.optional().catch(undefined) }))
    .optional()
    .catch(undefined),
  context_window: contextSize,
  max_context_window: contextSize,
  input_modalities: z.array(z.string()).optional().catch(undefined),
  support_verbosity: z.boolean().optional().catch(undefined),
  default_verbosity: optionalText,
  service_tiers: z
    .array(z.object({ id: z.string(), name: optionalText }))
    .optional()
    .catch(undefined),
  use_responses_lite: z.boolean().optional().catch(undefined),
  minimal_client_version: z
    .union([z.string(), z.array(z.number().int()).length(3)])
    .nullish()
    .catch(undefined),
  upgrade: z
    .object({ model: z.string().regex(modelName) })
    .nullish()
    .catch(undefined),
});

export const modelsResponse = z.object({ models: z.array(z.unknown()) });

/** The entries of the models endpoint's response; skips entries without a usable name. */
export function toModels(entries: readonly unknown[]): CodexModel[] {
  return entries.flatMap((entry) => {
    const parsed = wireModel.safeParse(entry);
    return parsed.success ? [toModel(parsed.data)] : [];
  });
}

function toModel(wire: z.infer<typeof wireModel>): CodexModel {
  const minimal = wire.minimal_client_version;
  return {
    slug: wire.slug,
    displayName: wire.display_name ?? wire.slug,
    description: wire.description ?? "",
    listed: (wire.visibility ?? "list") === "list",
    priority: wire.priority ?? Number.MAX_SAFE_INTEGER,
    defaultEffort: wire.default_reasoning_level,
    efforts: wire.supported_reasoning_levels?.flatMap(({ effort }) => effort ?? []) ?? [],
    contextWindow: wire.context_window,
    maxContextWindow: wire.max_context_window,
    inputModalities: wire.input_modalities ?? ["text"],
    supportsVerbosity: wire.support_verbosity ?? false,
    speedTiers: wire.service_tiers?.map((tier) => tier.name ?? tier.id) ?? [],
    lite: wire.use_responses_lite ?? false,
    minimalClientVersion: Array.isArray(minimal) ? minimal.join(".") : (minimal ?? undefined),
    upgradeTo: wire.upgrade?.model,
  };
}
