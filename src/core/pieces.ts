import type { AssistantMessage } from "./conversation.ts";
import type { ItemRef, MessageItem } from "./response-events.ts";

/** A message of the answer while it comes. */
export interface Piece {
  type: "piece";
  ref: ItemRef;
  /** What came in deltas. */
  text: string;
  message: MessageItem | undefined;
}

/** References that name the same thing in one way, or of which one names nothing. */
export function belongs(a: ItemRef, b: ItemRef): boolean {
  if (a.id !== undefined && a.id === b.id) return true;
  if (a.index !== undefined && b.index !== undefined) return a.index === b.index;
  if (a.id !== undefined && b.id !== undefined) return a.id === b.id;
  return true;
}

/** As the next turn of the conversation needs it. */
export function toAssistantMessage(piece: Piece): AssistantMessage {
  const { text = piece.text, refused = false, phase } = piece.message ?? {};
  return {
    type: "message",
    role: "assistant",
    text,
    ...(refused ? { refused } : {}),
    ...(phase === undefined ? {} : { phase }),
  };
}
