import { doctorFacts, renderDoctor } from "../../render/doctor.ts";
import type { Command } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import { toJson } from "../report-error.ts";

export const doctor: Command = {
  name: "doctor",
  summary: "Diagnose problems and suggest fixes",
  usage: "[OPTIONS]",
  options: { json: { type: "boolean", meaning: "one JSON object" } },
  notes: [
    "It asks both services whether they can be reached, without the login.",
    "Ends with 1 when it found a cause. The report can be pasted into an issue.",
  ],
  needs: [],
  async run({ options }, { codex, terminal, signal }) {
    const report = await codex.doctor({ signal });
    const text = options["json"] === true ? toJson(doctorFacts(report, "cli")) : `${renderDoctor(report, "cli")}\n`;
    terminal.stdout.write(codex.context.redactor.redactAll(text));
    const found = report.findings.some(({ level }) => level === "problem");
    return found ? exitCodes.failed.code : exitCodes.ok.code;
  },
};
