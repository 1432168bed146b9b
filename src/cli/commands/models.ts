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
  takesPositionals: false,
  notes: ["Without a login it shows the table that comes with codex-oauth, and says so."],
  needs: ["storage", "state", "auth", "origins"],
  async run({ options }, { codex, terminal, signal }) {
    const { clock, config, timeZone } = codex.context;
    const { failure, ...list } = await codex.models({ signal });
    const note = failure && errorLine(failure, "cli");
    const text = (): string => {
      const shown = renderModels(list, config.model, clock.now(), timeZone);
      return note === undefined ? `${shown}\n` : `${shown}\n${note}\n`;
    };
    const facts = { ...list, note };
    terminal.stdout.write(options["json"] === true ? toJson(facts) : text());
    return exitCodes.ok.code;
  },
};
