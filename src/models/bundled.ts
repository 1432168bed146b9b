import type { CodexModel } from "./model.ts";

/** The date of the catalogue that this table copies (docs/wire.md §16). */
export const bundledModelsDate = Date.UTC(2026, 10, 20);

const upToMax = ["low", "medium", "high", "xhigh", "max"];
const upToUltra = [...upToMax, "ultra"];

function model(
  slug: string,
  displayName: string,
  description: string,
  priority: number,
  defaultEffort: string,
  efforts: readonly string[],
  rest: Partial<CodexModel> = {},
): CodexModel {
  return {
    slug,
    displayName,
    description,
    priority,
    defaultEffort,
    efforts,
    listed: true,
    contextWindow: 272_000,
    maxContextWindow: 872_000,
    inputModalities: ["text", "image"],
    supportsVerbosity: true,
    speedTiers: ["Fast"],
    lite: true,
    minimalClientVersion: undefined,
    upgradeTo: undefined,
    ...rest,
  };
}

/** Fallback without a list of the account; it does not say what the account may use. */
export const bundledModels: readonly CodexModel[] = [
  model("gpt-6.1-sol", "GPT-6.1-Sol", "Newest workhorse, for code and everyday questions.", 1, "low", upToUltra),
  model("gpt-6-astra", "GPT-6-Astra", "The strongest one, for the hardest questions.", 2, "low", upToUltra),
  model("gpt-6-sol", "GPT-6-Sol", "Workhorse of the generation before.", 3, "medium", upToUltra),
  model("gpt-6-luna", "GPT-6-Luna", "Fast and cheap, for easier questions.", 4, "medium", upToMax),
  model("gpt-5.6-sol", "GPT-5.6-Sol", "Older workhorse.", 5, "low", upToUltra, { upgradeTo: "gpt-6-sol" }),
  model("gpt-6.1-terra", "GPT-6.1 Terra", "Codex model with a large window.", 7, "low", upToUltra, {
    contextWindow: 500_000,
  }),
  model("gpt-5.6-terra", "GPT-5.6-Terra", "Older, balanced, for plain work.", 8, "medium", upToUltra, {
    upgradeTo: "gpt-6-sol",
  }),
  model("gpt-5.6-luna", "GPT-5.6-Luna", "Older, fast and efficient.", 9, "medium", upToMax, {
    upgradeTo: "gpt-6-luna",
  }),
  model("gpt-5.5", "GPT-5.5", "Legacy coding model.", 13, "medium", ["low", "medium", "high", "xhigh"], {
    maxContextWindow: 272_000,
    lite: false,
    upgradeTo: "gpt-6-sol",
  }),
  model("gpt-daybreak-blue-latest", "Daybreak Blue", "Defensive security work.", 11, "low", upToUltra, {
    listed: false,
    speedTiers: [],
  }),
  model("gpt-daybreak-red-latest", "Daybreak Red", "Authorized security research.", 12, "medium", upToUltra, {
    listed: false,
    speedTiers: [],
    contextWindow: 372_000,
    maxContextWindow: 372_000,
  }),
  model("codex-auto-review", "Codex Auto Review", "Reviews approvals for Codex itself.", 43, "medium", upToMax, {
    listed: false,
  }),
];
