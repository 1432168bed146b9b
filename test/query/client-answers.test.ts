import { expect, test } from "vitest";
import { answerEvents } from "../simulator/index.ts";
import { queryRig } from "../support/query-rig.ts";
import { completed, created, delta, messageDone, stream } from "../support/replies.ts";
import { simulate } from "../support/server.ts";

test("the type of a stream is read without regard to case", async () => {
  const simulator = await simulate();
  const headers = { "content-type": "Text/Event-Stream" };
  simulator.next("responses", { kind: "stream", headers, events: answerEvents({ text: "ok" }) });
  expect((await queryRig({ simulator }).ask().reply).text).toBe("ok");
});

test("a refusal is an answer, and marked", async () => {
  const simulator = await simulate();
  const refusal = answerEvents({ text: "", refusal: "I cannot help with that." });
  simulator.next("responses", stream(...refusal));
  expect(await queryRig({ simulator }).ask().reply).toMatchObject({
    text: "I cannot help with that.",
    refused: true,
  });
});

test("the sources that a message names are told beside it, and are no part of the conversation", async () => {
  const simulator = await simulate();
  const annotations = [
    { type: "url_citation", url: "https://a.test/lock", title: "Locks", start_index: 0 },
    { type: "url_citation", url: "https://a.test/lock", title: "Locks again" },
    { type: "url_citation", url: "https://told.test/" },
    { type: "url_citation", url: "javascript:alert(1)", title: "No" },
    { type: "url_citation", url: 5 },
    { type: "file_citation", file_id: "f" },
    null,
  ];
  const text = "Use a lock, says https://told.test/.";
  const content = [{ type: "output_text", text, annotations }];
  const item = { type: "message", id: "m", role: "assistant", content };
  const done = { type: "response.output_item.done", output_index: 0, item };
  simulator.next("responses", stream(created, done, completed()));
  expect(await queryRig({ simulator }).ask().reply).toMatchObject({
    text,
    sources: [{ url: "https://a.test/lock", title: "Locks" }],
    items: [{ type: "message", role: "assistant", text }],
  });
});

test("counts that the service does not tell are not known", async () => {
  const simulator = await simulate();
  const usage = { input_tokens: "10", output_tokens: null };
  const end = { type: "response.completed", response: { usage } };
  simulator.next("responses", stream(delta("ok"), end), stream(delta("ok"), completed()));
  const rig = queryRig({ simulator });
  expect((await rig.ask().reply).usage).toMatchObject({ inputTokens: 10, outputTokens: undefined });
  expect((await rig.ask().reply).usage).toMatchObject({ inputTokens: 3, outputTokens: 5 });
});

test("the final list is the answer only where no item came", async () => {
  const simulator = await simulate();
  const rig = queryRig({ simulator });
  const item = (messageDone("listed") as { item: object }).item;
  simulator.next("responses", stream(created, completed([item])));
  expect((await rig.ask().reply).text).toBe("listed");
  simulator.next("responses", stream(created, messageDone("item"), completed([item])));
  expect((await rig.ask().reply).text).toBe("item");
});

test("commentary is left out beside the final answer", async () => {
  const simulator = await simulate();
  const events = [
    delta("Let me see.", 0),
    messageDone("Let me see.", { index: 0, phase: "commentary" }),
    delta("It is safe.", 1),
    messageDone("It is safe.", { index: 1 }),
    completed(),
  ];
  simulator.next("responses", stream(...events));
  expect((await queryRig({ simulator }).ask().reply).text).toBe("It is safe.");
});

test("unknown events, [DONE] and keepalives change nothing", async () => {
  const simulator = await simulate();
  const odd = [{ type: "response.invented", delta: 5 }, "data: [DONE]\n\n", { type: "keepalive" }];
  simulator.next("responses", stream(...odd, delta("fine"), ...odd, completed()));
  expect((await queryRig({ simulator }).ask().reply).text).toBe("fine");
});
