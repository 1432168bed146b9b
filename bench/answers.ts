import {
  answerEvents,
  defaultRateLimitHeaders,
  encodeEvent,
  type Reply,
  type Simulator,
} from "../test/simulator/index.ts";

const words = ["The ", "lock ", "is ", "taken ", "twice; ", "the ", "second ", "one ", "waits.\n"];

/** The answers by the prompt that gets them: how many deltas each has. */
export const deltas = { short: 200, long: 20_000 } as const;
export type Prompt = keyof typeof deltas;

/** The characters that the answer to a prompt has at least. */
export function answerChars(prompt: Prompt): number {
  return textOf(prompt).join("").trimEnd().length;
}

/** Let the simulator answer the prompts; encoded beforehand, so that its own work is small. */
export function scriptAnswers(simulator: Simulator): void {
  const headers = defaultRateLimitHeaders(Date.now(), simulator.account.plan);
  const reply = (prompt: Prompt): Reply => {
    const pieces = textOf(prompt);
    const reasoning = ["**Checking the lock order**"];
    const events = answerEvents({ text: pieces.join(""), deltas: pieces, reasoning });
    return {
      kind: "stream",
      headers,
      events: [events.map((event) => encodeEvent(event)).join("")],
    };
  };
  const replies = { short: reply("short"), long: reply("long") };
  simulator.always("responses", ({ body }) => (body.includes('"text":"long"') ? replies.long : replies.short));
}

function textOf(prompt: Prompt): string[] {
  return Array.from({ length: deltas[prompt] }, (_, n) => words[n % words.length] ?? "");
}
