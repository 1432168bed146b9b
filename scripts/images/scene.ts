import { writeFile } from "node:fs/promises";
import { setTimeout as after } from "node:timers/promises";
import { answerEvents, type Simulator } from "../../test/simulator/index.ts";
import type { Env } from "../try-simulator.ts";

/** What is asked and answered in the pictures; the answer is ours, and the simulator says it. */
export const question = "Two windows refresh one OAuth token at once. What can go wrong?";

const answer = `The refresh token works once. Both windows read it, both send it:

1. The first gets new tokens.
2. The second is refused, and may end the whole session as a replay.
3. Whoever saves last wins, perhaps with the tokens that are dead.

Let one lock guard "read, refresh, save"; the other window waits and adopts the result.`;

/** As slow as a quick real answer: a little more than two seconds. */
export function pacedAnswer(): Promise<object>[] {
  const events = answerEvents({ text: answer, model: "gpt-6.1-sol", deltas: 12 });
  return events.map((event, n) => after(n * 120, event));
}

/** A login as an earlier sign-in would have left it. */
export async function signIn(simulator: Simulator, env: Env): Promise<void> {
  const record = {
    version: 1,
    issuer: simulator.issuer,
    apiOrigin: new URL(simulator.baseUrl).origin,
    ...simulator.issueTokens(),
    generation: 1,
  };
  await writeFile(env["CODEX_AUTH_FILE"] ?? "", JSON.stringify({ codex: record }), { mode: 0o600 });
}
