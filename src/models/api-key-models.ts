import * as z from "zod";
import { modelName } from "./model-name.ts";
import type { CodexModel } from "./model.ts";

/** The OpenAI API's list has names and dates, and nothing about what a model can do (docs/wire.md §19). */
export const keyModelsResponse = z.object({ data: z.array(z.unknown()) });

const entry = z.object({ id: z.string().regex(modelName) });

/** Candidates for the default, best first; DEPLOYMENT.md shows them. Catalogue order leads (docs/wire.md §16). */
const keyModelOrder: readonly string[] = [
  "gpt-6.1-sol",
  "gpt-6-sol",
  "gpt-6-luna",
  "gpt-5.6-sol",
  "gpt-5.6-luna",
  "gpt-5.5",
  "gpt-5.4",
  "gpt-5.2",
  "gpt-5.1",
  "gpt-5",
  "gpt-4.1",
];

const textModel = /^(?:gpt-|o\d|chatgpt-|codex-)/;
const otherPurpose =
  /audio|realtime|image|tts|transcribe|search|embedding|moderation|instruct|whisper|dall-e|sora|live/;
/** A dated copy of a model that the list also has under its own name. */
const snapshot = /-\d{4}(?:-\d{2}-\d{2})?$/;

/** The entries of the API's list. Models for other purposes are unlisted, but can be requested by name. */
export function toKeyModels(data: readonly unknown[]): CodexModel[] {
  return data.flatMap((json) => {
    const parsed = entry.safeParse(json);
    return parsed.success ? [keyModel(parsed.data.id)] : [];
  });
}

/** Fallback without a list; the API itself rejects names that it does not know. */
export const bundledKeyModels: readonly CodexModel[] = keyModelOrder.map(keyModel);

function keyModel(slug: string): CodexModel {
  const rank = keyModelOrder.indexOf(slug);
  return {
    slug,
    displayName: slug,
    description: "",
    listed: textModel.test(slug) && !otherPurpose.test(slug) && !snapshot.test(slug),
    priority: rank === -1 ? Infinity : rank,
    defaultEffort: undefined,
    efforts: [],
    contextWindow: undefined,
    maxContextWindow: undefined,
    inputModalities: [],
    supportsVerbosity: true,
    speedTiers: [],
    lite: false,
    minimalClientVersion: undefined,
    upgradeTo: undefined,
  };
}
