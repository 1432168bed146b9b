import { isSignedOut, renderStatus, statusFacts } from "../../render/status.ts";
import type { Command } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import { toJson } from "../report-error.ts";

export const status: Command = {
  name: "status",
  summary: "Show login, plan and quota, as codex_status does",
  usage: "[OPTIONS]",
  options: {
    verbose: { type: "boolean", short: "v", meaning: "also check files and network, as doctor does" },
    json: { type: "boolean", meaning: "one JSON object" },
  },
  notes: ["Ends with 3 when nobody is signed in."],
  needs: [],
  async run({ options }, { codex, terminal, signal }) {
    const { clock, timeZone } = codex.context;
    const collected = await codex.status({ verbose: options["verbose"] === true, signal });
    // A pending login belongs to the process that began it, and this one has begun none.
    const { pendingLogin: _, failedLogin: __, ...shown } = statusFacts(collected, "cli");
    const text =
      options["json"] === true ? toJson(shown) : `${renderStatus(collected, clock.now(), timeZone, "cli")}\n`;
    terminal.stdout.write(text);
    if (collected.signedIn) return exitCodes.ok.code;
    const signedOut = collected.trouble === undefined || isSignedOut(collected.trouble);
    return signedOut ? exitCodes.login.code : exitCodes.failed.code;
  },
};
