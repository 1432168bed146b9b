import * as z from "zod";
import { renderStatus, statusFacts } from "../../render/status.ts";
import { defineTool } from "../tool.ts";

const input = z.strictObject({
  verbose: z
    .boolean()
    .optional()
    .describe(
      "Also look for everything that may keep Codex from working (both services over the network, " +
        "clock, proxy, certificates, files, locks, ports, settings), each with its remedy; show versions.",
    ),
});

export const codexStatus = defineTool({
  name: "codex_status",
  title: "Codex login and quota",
  description:
    "Tell whether Codex is signed in, as whom (masked), the plan, when the token ends, the default " +
    "model, the last seen quota with reset times, a login in progress and configuration problems. " +
    "Reads only what is stored; with verbose it also checks both services. It never signs in or out: " +
    "that is codex_login and codex_clear.",
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: true },
  input,
  needs: [],
  async handle({ verbose }, codex, { signal }) {
    const status = await codex.status({ verbose: verbose === true, signal });
    return {
      text: renderStatus(status, codex.context.clock.now(), codex.context.timeZone, "mcp"),
      facts: statusFacts(status, "mcp"),
    };
  },
});
