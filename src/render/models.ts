import { defaultModel, type CodexModel, type ModelList } from "../models/model.ts";
import { oneLine } from "../shared/text.ts";
import { localTime, span } from "../shared/time.ts";
import { grouped } from "./reply.ts";

/** The models of the account, with the default marked, and how fresh the list is. */
export function renderModels(list: ModelList, chosen: string | undefined, now: number, timeZone: string): string {
  const standard = chosen ?? defaultModel(list.models)?.slug;
  const shown = list.models
    .filter((model) => model.listed || model.slug === standard)
    .toSorted((a, b) => a.priority - b.priority);
  const lines = shown.map((model) => describe(model, model.slug === standard));
  if (standard !== undefined && !shown.some((model) => model.slug === standard)) {
    lines.unshift(`${standard} (default, from CODEX_MODEL; not in this list)`);
  }
  return [...lines, "", freshness(list, now, timeZone)].join("\n");
}

function describe(model: CodexModel, isDefault: boolean): string {
  const facts = [
    model.efforts.length === 0 ? undefined : `effort ${efforts(model)}`,
    model.contextWindow === undefined ? undefined : `context ${contextOf(model)} tokens`,
    model.inputModalities.length === 0
      ? undefined
      : `input ${model.inputModalities.map((kind) => oneLine(kind, 20)).join(" + ")}`,
    model.speedTiers.length === 0
      ? undefined
      : `speed tiers ${model.speedTiers.map((tier) => oneLine(tier, 30)).join(", ")}`,
  ];
  const name = `${oneLine(model.slug, 100)}${isDefault ? " (default)" : ""}`;
  const purpose = model.description === "" ? model.displayName : model.description;
  const known = facts.filter((fact) => fact !== undefined).join(" · ");
  return [
    purpose === model.slug ? name : `${name}: ${oneLine(purpose, 200)}`,
    ...(known === "" ? [] : [`  ${known}`]),
  ].join("\n");
}

function efforts(model: CodexModel): string {
  return model.efforts
    .map((effort) => oneLine(effort, 20))
    .map((effort) => (effort === model.defaultEffort ? `${effort} (default)` : effort))
    .join(", ");
}

function contextOf(model: CodexModel): string {
  const { contextWindow = 0, maxContextWindow = 0 } = model;
  return maxContextWindow > contextWindow
    ? `${grouped(contextWindow)}, at most ${grouped(maxContextWindow)}`
    : grouped(contextWindow);
}

function freshness(list: ModelList, now: number, timeZone: string): string {
  const age = span(now - list.fetchedAt);
  switch (list.source) {
    case "live":
      return `This account's list, fetched ${age} ago.`;
    case "kept":
      return `This account's list as fetched ${age} ago; a newer one could not be had.`;
    case "bundled":
      return (
        "This account's list could not be had: this is the table of " +
        `${localTime(list.fetchedAt, now, timeZone)} that comes with codex-oauth. What this account may use can differ.`
      );
  }
}
