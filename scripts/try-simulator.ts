// The stand-in of OpenAI for `npm run try`: the strict simulator of the tests, with a throwaway
// state folder, and as slow as a quick real answer.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as after } from "node:timers/promises";
import { startSimulator, type PlainReply, type Simulator } from "../test/simulator/index.ts";

export type Env = Record<string, string>;

/**
 * Milliseconds before an event of this type: about three seconds for a whole answer. The thinking lasts longer
 * than the shortest time between two lines of progress, so that it is seen.
 */
const pauses: Readonly<Record<string, number>> = {
  "response.reasoning_summary_part.added": 450,
  "response.reasoning_summary_part.done": 500,
  "response.output_text.delta": 130,
};

/** Run with a simulator and an environment that points the server at it; nothing stays behind. */
export async function withSimulator(env: Env, work: (simulator: Simulator, env: Env) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "codex-oauth-try-"));
  const simulator = await startSimulator();
  simulator.always("responses", { kind: "default", adapt: paced });
  const others = Object.entries(env).filter(([name]) => !name.startsWith("CODEX_"));
  try {
    await work(simulator, {
      ...Object.fromEntries(others),
      CODEX_ISSUER: simulator.issuer,
      CODEX_BASE_URL: simulator.baseUrl,
      CODEX_AUTH_FILE: join(folder, "auth.json"),
      CODEX_STATE_DIR: join(folder, "state"),
      CODEX_CALLBACK_PORTS: "0",
      CODEX_NO_BROWSER: "1",
    });
  } finally {
    await simulator.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** The same answer with its events spread over time; refusals come at once. */
function paced(answer: PlainReply): PlainReply {
  if (answer.kind !== "stream") return answer;
  let delayMs = 0;
  const events = answer.events.map((event) => {
    delayMs += pauses[typeOf(event)] ?? 0;
    return delayMs === 0 ? event : after(delayMs, event, { ref: false });
  });
  return { ...answer, events };
}

function typeOf(event: unknown): string {
  return typeof event === "object" && event !== null && "type" in event ? String(event.type) : "";
}
