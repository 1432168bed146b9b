import { errorLine } from "../../render/error.ts";
import { renderModels } from "../../render/models.ts";
import type { Command } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import { toJson } from "../report-error.ts";

export const models: Command = {
  name: "models",
  summary: "List the models of the account, as codex_models does",
  usage: "[OPTIONS]",
  options: { json: { type: "boolean", meaning: "one JSON object" } },
  notes: ["Without a login it shows the table that comes with codex-oauth, and says so."],
  needs: ["storage", "state", "auth", "origins"],
  async run({ options }, { codex, terminal, signal }) {
    const { clock, config, timeZone } = codex.context;
    const { failure, ...list } = await codex.models({ signal });
    const note = failure && errorLine(failure, "cli");
    if (options["json"] === true) terminal.stdout.write(toJson({ ...list, note }));
    else {
      const lines = [renderModels(list, config.model, clock.now(), timeZone), ...(note === undefined ? [] : [note])];
      terminal.stdout.write(`${lines.join("\n")}\n`);
    }
    return exitCodes.ok.code;
  },
};
