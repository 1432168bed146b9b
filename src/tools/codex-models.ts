import * as z from "zod";
import { renderModels } from "../render/models.ts";
import { bundledListFor } from "../services/list-format.ts";
import { CodexError } from "../core/errors.ts";
import type { ModelList } from "../core/models.ts";
import type { Services } from "../services/services.ts";
import { defineTool } from "./tool.ts";

export const codexModels = defineTool({
  name: "codex_models",
  title: "List Codex models",
  description:
    "List the Codex models that the signed-in account may use: what each is for, its reasoning efforts " +
    "with the default, context window, input kinds and speed tiers, with the default model marked and " +
    "how fresh the list is. Without a login it shows a bundled table. Asks nothing of a model: for that, " +
    "call codex_query.",
  annotations: {
    readOnlyHint: true,
    destructiveHint: false,
    idempotentHint: true,
    openWorldHint: true,
  },
  input: z.strictObject({}),
  needs: ["storage", "state", "auth", "origins"],
  async handle(_, services, { signal }) {
    const { clock, config, timeZone } = services;
    const { list, note } = await listFor(services, signal);
    const text = renderModels(list, config.model, clock.now(), timeZone);
    return { text: note === undefined ? text : `${text}\n${note}`, facts: { ...list } };
  },
});

async function listFor(
  services: Services,
  signal: AbortSignal,
): Promise<{ list: ModelList; note?: string }> {
  const { credentials, catalog } = services;
  try {
    const credential = await credentials.get(signal);
    const kept = await catalog.kept(credential);
    return { list: kept?.fresh === true ? kept : await catalog.refresh(credential, signal) };
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof CodexError) || error.code === "STORAGE") throw error;
    // Without a usable login the table still answers what there is to choose from.
    const mode = await credentials.mode();
    return { list: bundledListFor(mode), note: `${error.code}: ${error.message} ${error.next}` };
  }
}
