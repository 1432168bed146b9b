import { expect, test } from "vitest";
import type { QueryReply } from "../../src/query/response/reply.ts";
import { answerEvents } from "../simulator/index.ts";
import { queryRig } from "../support/query-rig.ts";
import { completed, created, delta } from "../support/replies.ts";
import { simulate } from "../support/server.ts";

const other = "gpt-5.4-mini";
const told = { ...created, response: { id: "resp_1", model: other } };

async function answered(
  events: unknown[],
  headers: Record<string, string> = {},
): Promise<Pick<QueryReply, "model" | "notices">> {
  const simulator = await simulate();
  simulator.next("responses", { kind: "stream", headers, events });
  const { model, notices } = await queryRig({ simulator }).ask({ model: "gpt-5.5" }).reply;
  return { model, notices };
}

const routed = { model: other, notices: [`gpt-5.5 was asked for, ${other} answered.`] };
const plain = [created, delta("ok"), completed()];

test.each<[string, unknown[], Record<string, string>]>([
  ["a header", plain, { "OpenAI-Model": other }],
  ["the first event", [told, delta("ok"), completed()], {}],
  ["the whole stream", answerEvents({ text: "ok", model: other }), {}],
  ["its metadata", [{ type: "response.metadata", headers: { "OpenAI-Model": other } }, ...plain], {}],
  [
    "the headers within an event, whatever else it repeats",
    [
      {
        ...created,
        response: { id: "resp_1", model: "gpt-5.5", headers: { "openai-model": other } },
      },
      ...plain.slice(1),
    ],
    {},
  ],
  ["the last event", [delta("ok"), { type: "response.completed", response: { model: other } }], {}],
])("another model that %s tells is the one that answered", async (_, events, headers) => {
  expect(await answered(events, headers)).toEqual(routed);
});

test("a dated snapshot is named, and no other model", async () => {
  const dated = "gpt-5.5-2026-08-01";
  const events = answerEvents({ text: "ok", model: dated });
  expect(await answered(events, { "openai-model": "gpt-5.5" })).toEqual({
    model: dated,
    notices: [],
  });
});

test.each([undefined, null, {}, "", "two words", "\u001b[31mred", "x".repeat(201)])(
  "where no model's name is told, the one asked for stands: %j",
  async (model) => {
    const odd = { ...created, response: { id: "resp_1", model } };
    const metadata = { type: "response.metadata", headers: { "openai-model": model } };
    expect(await answered([odd, metadata, delta("ok"), completed()])).toEqual({
      model: "gpt-5.5",
      notices: [],
    });
  },
);
