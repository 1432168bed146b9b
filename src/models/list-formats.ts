import type { ApiDialect } from "../api/dialect.ts";
import { bundledKeyModels, keyModelsResponse, toKeyModels } from "./api-key-models.ts";
import { bundledModels, bundledModelsDate } from "./bundled.ts";
import { modelsResponse, toModels } from "./codex-models.ts";
import type { CodexModel, ModelList } from "./model.ts";

/** How a service writes its list of models, and the fallback for it. */
interface ListFormat {
  /** The entries of a response; empty if it has none. */
  entriesOf: (json: unknown) => unknown[];
  toModels: (entries: readonly unknown[]) => CodexModel[];
  /** Used if there is neither a live nor a cached list. */
  bundled: ModelList;
}

const bundled = { source: "bundled", fetchedAt: bundledModelsDate, fresh: false } as const;

const listFormats: Readonly<Record<ApiDialect["name"], ListFormat>> = {
  chatgpt: {
    entriesOf: (json) => modelsResponse.safeParse(json).data?.models ?? [],
    toModels,
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
