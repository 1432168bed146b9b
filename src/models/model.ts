/** A model as the tools speak of it. */
export interface CodexModel {
  slug: string;
  displayName: string;
  description: string;
  /** False for models that a list does not show; they can still be asked for by name. */
  listed: boolean;
  /** The visible model with the lowest number is the default; Infinity only where it is asked for. */
  priority: number;
  defaultEffort: string | undefined;
  /** Accepted efforts, from the catalogue; empty when it names none. */
  efforts: readonly string[];
  /** Tokens. */
  contextWindow: number | undefined;
  /** Tokens. */
  maxContextWindow: number | undefined;
  inputModalities: readonly string[];
  supportsVerbosity: boolean;
  speedTiers: readonly string[];
  /** True when the service may insist on the Lite shape (docs/wire.md §10). */
  lite: boolean;
  minimalClientVersion: string | undefined;
  /** The successor that the catalogue names. */
  upgradeTo: string | undefined;
}

export type ModelListSource = "live" | "kept" | "bundled";

export interface ModelList {
  models: readonly CodexModel[];
  source: ModelListSource;
  /** When the list was true, epoch ms. */
  fetchedAt: number;
  /** True for a live list within its hour: what it lacks does not exist for the account. */
  fresh: boolean;
}

/** The visible model with the lowest priority number; one without an end of it is never the default. */
export function defaultModel(models: readonly CodexModel[]): CodexModel | undefined {
  return models
    .filter((model) => model.listed && model.priority !== Infinity)
    .reduce<CodexModel | undefined>(
      (best, model) => (best === undefined || model.priority < best.priority ? model : best),
      undefined,
    );
}

export function findModel(models: readonly CodexModel[], slug: string): CodexModel | undefined {
  return models.find((model) => model.slug === slug);
}

/** Names to offer when another one was refused, best first. */
export function usableNames(models: readonly CodexModel[]): string[] {
  return models
    .filter((model) => model.listed)
    .toSorted((a, b) => a.priority - b.priority)
    .map((model) => model.slug);
}
