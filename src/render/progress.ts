import type { QueryProgress } from "../query/response/reply.ts";
import { oneLine } from "../shared/text.ts";
import { span } from "../shared/time.ts";
import { grouped } from "./reply.ts";

/** Progress, as text for a reader. */
export function renderProgress(step: QueryProgress, elapsedMs: number): string {
  switch (step.type) {
    case "queued":
      return `waiting for a free place, ${step.ahead + 1} in line, ${span(elapsedMs)}`;
    case "sent":
      return `waiting for Codex, ${span(elapsedMs)}`;
    case "retry":
      return `trying again${step.delayMs > 0 ? ` in ${span(step.delayMs)}` : ""} (attempt ${step.attempt}): ${oneLine(step.reason, 120)}`;
    case "thinking": {
      const heading = step.heading === undefined ? "" : `: ${oneLine(step.heading, 80).toLowerCase()}`;
      return `thinking${heading}, ${span(elapsedMs)}`;
    }
    case "writing":
      return `writing, ${grouped(step.characters)} characters`;
  }
}
