import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as after } from "node:timers/promises";
import { answerEvents, type Simulator } from "../../test/simulator/index.ts";
import { outputOnTerminal } from "../capture/run.ts";
import { screenOf } from "../capture/screen.ts";
import { toSvg } from "../capture/svg.ts";
import { withSimulator, type Env } from "../try-simulator.ts";

const columns = 88;
const question = "Two windows refresh one OAuth token at once. What can go wrong?";
const answer = `The refresh token works once. Both windows read it, both send it:

1. The first gets new tokens.
2. The second is refused, and may end the whole session as a replay.
3. Whoever saves last wins, perhaps with the tokens that are dead.

Let one lock guard "read, refresh, save"; the other window waits and adopts the result.`;

/** A question on the command line: our program, on a terminal, with the simulator's answer. */
export async function takeQuery(folder: string): Promise<void> {
  const env: Env = { PATH: process.env["PATH"] ?? "", HOME: folder, LANG: "C.UTF-8", TZ: "UTC" };
  await withSimulator(env, async (simulator, simulated) => {
    const program = [process.execPath, join(__dirname, "../main.cjs")];
    await signIn(simulator, simulated);
    const events = answerEvents({ text: answer, model: "gpt-6.1-sol", deltas: 12 });
    const paced = events.map((event, n) => after(n * 120, event));
    simulator.next("responses", { kind: "stream", events: paced });
    const shown = await outputOnTerminal([...program, "query", question], simulated, columns);
    const prompt = `\u001b[1;32m$\u001b[0m \u001b[1mcodex-oauth query\u001b[0m "${question}"\n`;
    const lines = screenOf(`${prompt}${shown}`, columns);
    await writeFile(
      join(folder, "query.svg"),
      toSvg({ lines, columns, title: "codex-oauth query" }),
    );
  });
}

/** A login as an earlier sign-in would have left it. */
async function signIn(simulator: Simulator, env: Env): Promise<void> {
  const record = {
    version: 1,
    issuer: simulator.issuer,
    apiOrigin: new URL(simulator.baseUrl).origin,
    ...simulator.issueTokens(),
    generation: 1,
  };
  await writeFile(env["CODEX_AUTH_FILE"] ?? "", JSON.stringify({ codex: record }), { mode: 0o600 });
}
