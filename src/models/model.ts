/** A model of a list, whichever service listed it. */
export interface CodexModel {
  slug: string;
  displayName: string;
  description: string;
  /** False for models that lists hide; they can still be requested by name. */
  listed: boolean;
  /** The listed model with the lowest number is the default. Infinity: never the default. */
  priority: number;
  defaultEffort: string | undefined;
  /** Accepted efforts; empty if the list names none. */
  efforts: readonly string[];
  /** Tokens, as is `maxContextWindow`. */
  contextWindow: number | undefined;
  maxContextWindow: number | undefined;
  inputModalities: readonly string[];
  supportsVerbosity: boolean;
  speedTiers: readonly string[];
  /** True if the service may insist on the Lite shape (docs/wire.md §10). */
  lite: boolean;
  minimalClientVersion: string | undefined;
  /** The successor that the list names. */
  upgradeTo: string | undefined;
}

export interface ModelList {
  models: readonly CodexModel[];
  /** "kept": from the cache, older than an hour. */
  source: "live" | "kept" | "bundled";
  /** When the service gave the list, epoch ms. */
  fetchedAt: number;
  /** True for a list younger than an hour: the account has no other models. */
  fresh: boolean;
}

/** The listed model with the lowest finite priority number. */
export function defaultModel(models: readonly CodexModel[]): CodexModel | undefined {
  return byPriority(models).find(({ priority }) => priority !== Infinity);
}

export function findModel(models: readonly CodexModel[], slug: string): CodexModel | undefined {
  return models.find((model) => model.slug === slug);
}

/** Names of the listed models, best first. */
export function usableNames(models: readonly CodexModel[]): string[] {
  return byPriority(models).map(({ slug }) => slug);
}

function byPriority(models: readonly CodexModel[]): CodexModel[] {
  return models.filter(({ listed }) => listed).toSorted((a, b) => a.priority - b.priority);
}
