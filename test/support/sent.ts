import type { Simulator } from "../simulator/index.ts";

export interface SentQuestion {
  model: string;
  shape: "classic" | "lite";
  /** Whether instructions stand at the top of the body. */
  instructions: boolean;
  version: string | undefined;
}

/** What was sent to the Responses API so far, in order. */
export function sent(simulator: Simulator): SentQuestion[] {
  return simulator.requests
    .filter(({ route }) => route === "responses")
    .map(({ json, headers }) => {
      const body = json as { model: string; instructions?: string };
      const lite = headers["x-openai-internal-codex-responses-lite"] === "true";
      return {
        model: body.model,
        shape: lite ? "lite" : "classic",
        instructions: body.instructions !== undefined,
        version: headers["version"],
      };
    });
}
