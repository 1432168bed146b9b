import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { outputOnTerminal } from "../capture/run.ts";
import { screenOf } from "../capture/screen.ts";
import { toSvg } from "../capture/svg.ts";
import { pacedAnswer, question, signIn } from "./scene.ts";
import { withSimulator, type Env } from "../try-simulator.ts";

const columns = 88;

/** A question on the command line: our program, on a terminal, with the simulator's answer. */
export async function takeQuery(folder: string): Promise<void> {
  const env: Env = { PATH: process.env["PATH"] ?? "", HOME: folder, LANG: "C.UTF-8", TZ: "UTC" };
  await withSimulator(env, async (simulator, simulated) => {
    const program = [process.execPath, join(__dirname, "../main.cjs")];
    await signIn(simulator, simulated);
    simulator.always("responses", () => ({ kind: "stream", events: pacedAnswer() }));
    const shown = await outputOnTerminal([...program, "query", question], simulated, columns);
    const prompt = `\u001b[1;32m$\u001b[0m \u001b[1mcodex-oauth query\u001b[0m "${question}"\n`;
    const lines = screenOf(`${prompt}${shown}`, columns);
    await writeFile(join(folder, "query.svg"), toSvg({ lines, columns, title: "codex-oauth query" }));
  });
}
