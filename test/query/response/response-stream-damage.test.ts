import { expect, test } from "vitest";
import { completed, delta, failure, messageDone, reasoning } from "../../support/replies.ts";
import { bodyOf, encode, readStream } from "../../support/stream.ts";

const lostText = { ...delta("", 0), delta: null };
const otherLostText = { ...delta("", 1), delta: 5 };

test.each<[string, object]>([
  ["reasoning", { ...reasoning(""), delta: null }],
  ["a reasoning part", { type: "response.reasoning_summary_part.added", summary_index: null }],
  ["an item's beginning", { type: "response.output_item.added", item: null }],
  ["the quota", { type: "codex.rate_limits", rate_limits: "none" }],
])("%s in a wrong shape does no harm to an answer", async (_, odd) => {
  const events = [odd, delta("some "), odd, delta("text"), completed()];
  expect((await readStream(bodyOf(encode(events)))).text).toBe("some text");
});

test("a text delta without its text is made up for by the finished message", async () => {
  const events = [delta("some"), lostText, messageDone("some text"), completed()];
  expect((await readStream(bodyOf(encode(events)))).text).toBe("some text");
});

test("a text delta without its text is made up for by the list at the end", async () => {
  const { item } = messageDone("listed") as { item: object };
  const result = await readStream(bodyOf(encode([lostText, completed([item])])));
  expect(result).toMatchObject({ text: "listed", items: [{ text: "listed" }] });
});

test("a text delta without its text after its finished message does no harm", async () => {
  const events = [delta("some"), messageDone("some text"), lostText, completed()];
  const result = await readStream(bodyOf(encode(events)));
  expect(result).toMatchObject({ text: "some text", items: [{ text: "some text" }] });
});

test.each<[string, unknown[], string | undefined]>([
  ["amid text", [delta("some"), lostText, delta("text")], "sometext"],
  ["alone", [lostText], undefined],
  ["of a message beside a finished one", [messageDone("one"), otherLostText], "one"],
])("a text delta without its text %s leaves no whole answer", async (_, events, partialText) => {
  const error = await failure(readStream(bodyOf(encode([...events, completed()]))));
  expect(error.code).toBe("PROTOCOL");
  expect(error.details.partialText).toBe(partialText);
});
