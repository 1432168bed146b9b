import { efforts, simModel, type SimModel } from "./models.ts";

const UP_TO_MAX = efforts("low medium high xhigh max");
const UP_TO_XHIGH = efforts("low medium high xhigh");

const TO_SOL = { model: "gpt-6-sol", migration_markdown: "GPT-6 Sol takes this model's place." };
const TO_LUNA = { model: "gpt-6-luna", migration_markdown: "GPT-6 Luna takes this model's place." };

const NO_TIERS = { service_tiers: [], additional_speed_tiers: [] };

/** The catalogue as bundled with Codex 0.169.0, 2026-11-20 (docs/wire.md). */
export function defaultModels(): SimModel[] {
  return [
    simModel("gpt-6.1-sol", {
      display_name: "GPT-6.1-Sol",
      description: "Latest workhorse model for coding and everyday work.",
      priority: 1,
      default_reasoning_level: "low",
      multi_agent_reasoning_effort: "xhigh",
    }),
    simModel("gpt-6-astra", {
      display_name: "GPT-6-Astra",
      description: "Frontier intelligence for the most demanding work.",
      priority: 2,
      default_reasoning_level: "low",
      multi_agent_reasoning_effort: "xhigh",
    }),
    simModel("gpt-6-sol", {
      display_name: "GPT-6-Sol",
      description: "Previous generation workhorse model.",
      priority: 3,
      default_service_tier: "priority",
    }),
    simModel("gpt-6-luna", {
      display_name: "GPT-6-Luna",
      description: "Fast and affordable model for easier tasks.",
      priority: 4,
      supported_reasoning_levels: UP_TO_MAX,
      default_service_tier: "priority",
    }),
    simModel("gpt-5.6-sol", {
      display_name: "GPT-5.6-Sol",
      description: "Older generation workhorse model.",
      priority: 5,
      default_reasoning_level: "low",
      upgrade: TO_SOL,
    }),
    simModel("gpt-6.1-terra", {
      display_name: "GPT-6.1 Terra",
      description: "GPT-6.1 Terra Codex model.",
      priority: 7,
      default_reasoning_level: "low",
      context_window: 500_000,
      multi_agent_reasoning_effort: "xhigh",
    }),
    simModel("gpt-5.6-terra", {
      display_name: "GPT-5.6-Terra",
      description: "Older balanced model for straightforward work.",
      priority: 8,
      upgrade: TO_SOL,
    }),
    simModel("gpt-5.6-luna", {
      display_name: "GPT-5.6-Luna",
      description: "Older fast and efficient model.",
      priority: 9,
      supported_reasoning_levels: UP_TO_MAX,
      upgrade: TO_LUNA,
    }),
    simModel("gpt-daybreak-blue-latest", {
      display_name: "Daybreak Blue",
      description: "Latest frontier agentic coding model for broad defensive cybersecurity work.",
      visibility: "hide",
      priority: 11,
      default_reasoning_level: "low",
      ...NO_TIERS,
    }),
    simModel("gpt-daybreak-red-latest", {
      display_name: "Daybreak Red",
      description: "Cyber-permissive variant of our latest frontier agentic coding model.",
      visibility: "hide",
      priority: 12,
      context_window: 372_000,
      max_context_window: 372_000,
      default_verbosity: "high",
      ...NO_TIERS,
    }),
    simModel("gpt-5.5", {
      display_name: "GPT-5.5",
      description: "Legacy coding model.",
      priority: 13,
      supported_reasoning_levels: UP_TO_XHIGH,
      max_context_window: 272_000,
      use_responses_lite: false,
      upgrade: TO_SOL,
    }),
    simModel("codex-auto-review", {
      display_name: "Codex Auto Review",
      description: "Automatic approval review model for Codex.",
      visibility: "hide",
      priority: 43,
      supported_reasoning_levels: UP_TO_MAX,
    }),
  ];
}
