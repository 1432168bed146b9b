import { type Deferred, deferred } from "../../src/platform/promises.ts";
import { CodexError } from "../../src/shared/errors.ts";
import { answerEvents, type Reply } from "../simulator/index.ts";

/** The events of a whole answer as a scripted stream. */
export function answer(text: string): Reply {
  return { kind: "stream", events: answerEvents({ text }) };
}

export const created = { type: "response.created", response: { id: "resp_1" } };

export function delta(text: string, index = 0): object {
  return {
    type: "response.output_text.delta",
    delta: text,
    output_index: index,
    item_id: `msg_${index}`,
    content_index: 0,
  };
}

export function messageDone(text: string, { index = 0, phase = "final_answer" } = {}): object {
  return {
    type: "response.output_item.done",
    output_index: index,
    item: {
      type: "message",
      id: `msg_${index}`,
      role: "assistant",
      phase,
      content: [{ type: "output_text", text, annotations: [] }],
    },
  };
}

export function reasoning(text: string): object {
  return { type: "response.reasoning_summary_text.delta", summary_index: 0, delta: text };
}

export function completed(output: unknown[] = []): object {
  return {
    type: "response.completed",
    response: { id: "resp_1", output, usage: { input_tokens: 3, output_tokens: 5 } },
  };
}

/** A stream that a test holds back at a certain place. */
export function gate(): Deferred<undefined> {
  return deferred<undefined>();
}

/** The CodexError that a promise fails with. */
export async function failure(promise: Promise<unknown>): Promise<CodexError> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof CodexError) return error;
    throw error;
  }
  throw new Error("the call was expected to fail");
}

/** A whole JSON answer. */
export function json(status: number, body: unknown, headers: Record<string, string> = {}): Reply {
  return { kind: "json", status, body, headers };
}

/** A stream that ends after these events. */
export function stream(...events: unknown[]): Reply {
  return { kind: "stream", events };
}
