import { isAtLeast } from "./versions.ts";

/** One entry of the models endpoint, in its own field names. */
export interface SimModel {
  slug: string;
  display_name: string;
  description: string;
  visibility: "list" | "hide" | "none";
  supported_in_api: boolean;
  priority: number;
  default_reasoning_level: string;
  supported_reasoning_levels: { effort: string; description: string }[];
  context_window: number;
  max_context_window: number;
  effective_context_window_percent: number;
  input_modalities: string[];
  support_verbosity: boolean;
  default_verbosity: string;
  default_reasoning_summary: string;
  service_tiers: { id: string; name: string; description: string }[];
  default_service_tier?: string;
  additional_speed_tiers: string[];
  use_responses_lite: boolean;
  supports_search_tool: boolean;
  web_search_tool_type: string;
  upgrade: { model: string; migration_markdown: string } | null;
  multi_agent_reasoning_effort?: string;
  prefer_websockets: boolean;
  minimal_client_version?: string;
  /** Absent: every plan. */
  available_in_plans?: string[];
}

/**
 * Lowest client versions: the 5.6 family, gpt-6-astra, gpt-6-sol, gpt-6-luna and gpt-6.1-sol as
 * measured by others (docs/wire.md); the rest is assumed.
 */
export const MINIMUM_VERSIONS: Record<string, string> = {
  "gpt-5.6-sol": "0.144.0",
  "gpt-5.6-terra": "0.144.0",
  "gpt-5.6-luna": "0.144.0",
  "gpt-6-astra": "0.153.0",
  "gpt-6-sol": "0.155.0",
  "gpt-6-luna": "0.155.0",
  "gpt-6.1-sol": "0.153.0",
  "gpt-6.1-terra": "0.153.0",
  "gpt-daybreak-blue-latest": "0.153.0",
  "gpt-daybreak-red-latest": "0.153.0",
};

const EFFORTS: Record<string, string> = {
  low: "Fast responses with lighter reasoning",
  medium: "Balances speed and reasoning depth for everyday tasks",
  high: "Greater reasoning depth for complex problems",
  xhigh: "Extra high reasoning depth for complex problems",
  max: "Maximum reasoning depth for the hardest problems",
  ultra: "Maximum reasoning with automatic task delegation",
};

/** A model like any other, changed where a test wants it to differ. */
export function simModel(slug: string, changes: Partial<SimModel> = {}): SimModel {
  return {
    slug,
    display_name: slug,
    description: `The simulated ${slug}.`,
    visibility: "list",
    supported_in_api: true,
    priority: 50,
    default_reasoning_level: "medium",
    supported_reasoning_levels: efforts("low medium high xhigh max ultra"),
    context_window: 272_000,
    max_context_window: 872_000,
    effective_context_window_percent: 95,
    input_modalities: ["text", "image"],
    support_verbosity: true,
    default_verbosity: "low",
    default_reasoning_summary: "none",
    service_tiers: [{ id: "priority", name: "Fast", description: "1.5x speed, increased usage" }],
    additional_speed_tiers: ["fast"],
    use_responses_lite: true,
    supports_search_tool: true,
    web_search_tool_type: "text_and_image",
    upgrade: null,
    prefer_websockets: true,
    ...changes,
  };
}

export function efforts(names: string): { effort: string; description: string }[] {
  return names.split(" ").map((effort) => ({ effort, description: EFFORTS[effort] ?? `Effort ${effort}` }));
}

/** Below it, by the list's own filter, no model is left: what a client's own version number gets. */
const OLDEST_LISTED_VERSION = "0.128.0";

/** `0.0.0` is the sentinel that asks for everything. */
const ANY_VERSION = "0.0.0";

/** The catalogue that a client of this version and plan is shown. */
export function listedModels(
  models: SimModel[],
  minimumVersions: Record<string, string>,
  clientVersion: string,
  plan: string,
): SimModel[] {
  return models
    .filter((model) => model.available_in_plans?.includes(plan) ?? true)
    .map((model) => {
      const minimum = minimumVersions[model.slug];
      return minimum === undefined ? model : { ...model, minimal_client_version: minimum };
    })
    .filter((model) => {
      const minimum = model.minimal_client_version ?? OLDEST_LISTED_VERSION;
      return clientVersion === ANY_VERSION || isAtLeast(clientVersion, minimum);
    });
}
