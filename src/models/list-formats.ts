import type { ApiDialect } from "../api/dialect.ts";
import { bundledKeyModels, keyModelsResponse, toKeyModels } from "./api-key-models.ts";
import { bundledModels, bundledModelsDate } from "./bundled.ts";
import { modelsResponse, toModels } from "./codex-models.ts";
import type { CodexModel, ModelList } from "./model.ts";

/** How a service writes its list of models, and what stands in for the list. */
interface ListFormat {
  /** The entries of an answer; empty if it has none. */
  entriesOf: (json: unknown) => unknown[];
  toModels: (entries: readonly unknown[]) => CodexModel[];
  /** For when neither a live nor a kept list can be had. */
  bundled: ModelList;
}

const bundled = { source: "bundled", fetchedAt: bundledModelsDate, fresh: false } as const;

const listFormats: Readonly<Record<ApiDialect["name"], ListFormat>> = {
  chatgpt: {
    entriesOf: (json) => modelsResponse.safeParse(json).data?.models ?? [],
    toModels: (entries) => toModels({ models: [...entries] }),
    bundled: { ...bundled, models: bundledModels },
  },
  platform: {
    entriesOf: (json) => keyModelsResponse.safeParse(json).data?.data ?? [],
    toModels: toKeyModels,
    bundled: { ...bundled, models: bundledKeyModels },
  },
};

export function listFormatOf({ api }: { api: Pick<ApiDialect, "name"> }): ListFormat {
  return listFormats[api.name];
}
