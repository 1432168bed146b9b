import { bundledModels, bundledModelsDate } from "./bundled.ts";
import type { CredentialKind } from "../api/credential.ts";
import type { CodexModel, ModelList } from "./model.ts";
import { bundledKeyModels, keyModelsResponse, toKeyModels } from "./api-key-models.ts";
import { modelsResponse, toModels } from "./codex-models.ts";

/** How a list of models looks on the wire, and what stands in for it. */
interface ListFormat {
  /** The entries of an answer; empty where it has none. */
  entriesOf: (json: unknown) => unknown[];
  toModels: (entries: readonly unknown[]) => CodexModel[];
}

const codexList: ListFormat = {
  entriesOf: (json) => modelsResponse.safeParse(json).data?.models ?? [],
  toModels: (entries) => toModels({ models: [...entries] }),
};
const keyList: ListFormat = {
  entriesOf: (json) => keyModelsResponse.safeParse(json).data?.data ?? [],
  toModels: toKeyModels,
};
export const listFormats: Readonly<Record<CredentialKind, ListFormat>> = {
  chatgpt: codexList,
  "codex-cli": codexList,
  "api-key": keyList,
};

const bundledList: ModelList = {
  models: bundledModels,
  source: "bundled",
  fetchedAt: bundledModelsDate,
  fresh: false,
};

const bundledKeyList: ModelList = { ...bundledList, models: bundledKeyModels };

/** What stands in for the list where neither a live nor a kept one can be had. */
export function bundledListFor(mode: CredentialKind): ModelList {
  return mode === "api-key" ? bundledKeyList : bundledList;
}
