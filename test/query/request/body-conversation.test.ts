import { expect, test } from "vitest";
import type { ConversationItem, OutputItem } from "../../../src/query/request/conversation.ts";
import { ReplyBuilder } from "../../../src/query/response/reply-builder.ts";
import { responseRequest } from "../../../src/query/request/body.ts";
import { toItemEvent } from "../../../src/query/response/parse-output-item.ts";
import { checkedRequest } from "../../../src/query/request/request.ts";
import { fc } from "../../support/chance.ts";

const filled = fc.string({ minLength: 1, unit: "grapheme" });
const outputItem: fc.Arbitrary<OutputItem> = fc.oneof(
  fc.record(
    {
      type: fc.constant("message" as const),
      role: fc.constant("assistant" as const),
      text: fc.string({ unit: "grapheme" }),
      refused: fc.constant(true),
      phase: fc.constantFrom("commentary", "final_answer"),
    },
    { requiredKeys: ["type", "role", "text"] },
  ),
  fc.record(
    {
      type: fc.constant("function_call" as const),
      callId: fc.string({ minLength: 1, maxLength: 40 }),
      name: fc.string({ minLength: 1, maxLength: 40 }),
      arguments: fc.json(),
      namespace: fc.constant("functions"),
    },
    { requiredKeys: ["type", "callId", "name", "arguments"] },
  ),
  fc.record({
    type: fc.constant("reasoning" as const),
    summary: fc.array(fc.string({ unit: "grapheme" })),
    encryptedContent: filled,
  }),
);

/** A reply's items: no two calls of one reply share an id, a second one would be the first again. */
const replyItems = (minLength: number): fc.Arbitrary<OutputItem[]> =>
  fc.uniqueArray(outputItem, {
    minLength,
    comparator: (a, b) => a.type === "function_call" && b.type === "function_call" && a.callId === b.callId,
  });

/** What goes on the wire for a conversation of these items. */
function wireItems(input: readonly ConversationItem[]): unknown[] {
  const plan = { slug: "gpt-5.5", model: undefined, effort: undefined, verbosity: undefined };
  const body = responseRequest({ input }, { ...plan, notices: [] }, "classic", "session");
  return JSON.parse(JSON.stringify(body["input"])) as unknown[];
}

/** As the service would give back what we send. */
function throughTheWire(items: readonly OutputItem[]): readonly OutputItem[] {
  const builder = new ReplyBuilder(1_000_000);
  for (const wire of wireItems(items) as { type: string }[]) {
    const event = toItemEvent(wire);
    if (typeof event === "string") throw new Error(`${wire.type} is ${event}`);
    builder.add(event);
  }
  return builder.items();
}

test("items survive the way over the wire and back", () => {
  fc.assert(
    fc.property(replyItems(0), (items) => {
      expect(throughTheWire(items)).toEqual(items);
    }),
  );
});

test("what a reply gives is accepted in the next request, once its calls are answered", () => {
  fc.assert(
    fc.property(replyItems(1), (items) => {
      const input = items.flatMap((item): ConversationItem[] =>
        item.type === "function_call"
          ? [item, { type: "function_call_output", callId: item.callId, output: "" }]
          : [item],
      );
      expect(checkedRequest({ input }, 1_000_000)).toEqual({ input });
    }),
  );
});

test("no item carries an id", () => {
  fc.assert(
    fc.property(outputItem, (item) => {
      const [wire] = wireItems([item]);
      expect(wire).toBeDefined();
      expect(wire).not.toHaveProperty("id");
    }),
  );
  const [asked] = wireItems([{ type: "message", role: "user", text: "Hi" }]);
  expect(asked).not.toHaveProperty("id");
});

test("a call in a wrong form is malformed, a kind of item that nobody knows is passed over", () => {
  expect(toItemEvent({ type: "function_call", call_id: "c", name: "look" })).toBe("malformed");
  expect(toItemEvent({ type: "message", content: "text" })).toBe("malformed");
  expect(toItemEvent({ type: "web_search_call", id: "ws_1" })).toBe("other");
});
