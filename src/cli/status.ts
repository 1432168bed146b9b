import { renderStatus } from "../render/status.ts";
import { collectStatus } from "../services/status.ts";
import type { Command } from "./command.ts";
import { exitCodes } from "./exit-codes.ts";
import { toJson } from "./json.ts";
import { commandWords } from "./words.ts";

export const status: Command = {
  name: "status",
  summary: "Show login, plan and quota, as codex_status does",
  usage: "[OPTIONS]",
  options: {
    verbose: {
      type: "boolean",
      short: "v",
      meaning: "also check files and network, as doctor does",
    },
    json: { type: "boolean", meaning: "one JSON object" },
  },
  takesWords: false,
  notes: ["Ends with 3 when nobody is signed in."],
  needs: [],
  async run({ options }, { services, terminal, signal }) {
    const { clock, timeZone, redactor } = services;
    const collected = await collectStatus(services, options["verbose"] === true, signal);
    // A login that waits belongs to the process that began it, and this one has begun none.
    const { pendingLogin: _, failedLogin: __, ...facts } = collected;
    const text =
      options["json"] === true
        ? toJson(facts)
        : `${commandWords(renderStatus(collected, clock.now(), timeZone))}\n`;
    terminal.stdout.write(redactor.values(text));
    return collected.signedIn ? exitCodes.ok.code : exitCodes.login.code;
  },
};
