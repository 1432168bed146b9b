import * as z from "zod";
import { errorLine } from "../../render/error.ts";
import { renderModels } from "../../render/models.ts";
import { defineTool } from "../tool.ts";

export const codexModels = defineTool({
  name: "codex_models",
  title: "List Codex models",
  description:
    "List the Codex models that the signed-in account may use: what each is for, its reasoning efforts " +
    "with the default, context window, input kinds and speed tiers, with the default model marked and " +
    "how fresh the list is. Without a login it shows a bundled table. Asks nothing of a model: for that, " +
    "call codex_query.",
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: true },
  input: z.strictObject({}),
  needs: ["storage", "state", "auth", "origins"],
  async handle(_, codex, { signal }) {
    const { clock, config, timeZone } = codex.context;
    const { failure, ...list } = await codex.models({ signal });
    const text = renderModels(list, config.model, clock.now(), timeZone);
    return { text: failure === undefined ? text : `${text}\n${errorLine(failure, "mcp")}`, facts: { ...list } };
  },
});
