import { expect, test } from "vitest";
import type { Quota } from "../../../src/quota/quota.ts";
import { failedEvent } from "../../simulator/index.ts";
import { delta, failure } from "../../support/replies.ts";
import { bodyOf, encode, piecesOf, readStream } from "../../support/stream.ts";

const error = { message: "The request is odd.", type: "invalid_request_error", param: "input" };
const refused = { code: "BAD_REQUEST", details: { field: "input" } };
const words = "The service said: The request is odd. (field: input)";

test.each([
  ["below error", { error }, words],
  ["below error, with a status beside it", { error, status: 400 }, words],
  ["as words", { error: "invalid thing" }, "The service said: invalid thing"],
  ["as detail", { detail: "Unsupported parameter" }, "The service said: Unsupported parameter"],
])("an error without a type is the end: %s", async (_, event, why) => {
  const failed = await failure(readStream(bodyOf(encode([event]))));
  expect(failed.details.why).toBe(why);
  const amid = await failure(readStream(bodyOf(encode([delta("Half"), event]))));
  expect(amid.details).toMatchObject({ why, partialText: "Half", retryable: false });
});

test("an error in place of the events is read as one, wherever the network cuts it", async () => {
  for (const body of [JSON.stringify({ error }), ` ${JSON.stringify({ error }, null, 2)}\n`]) {
    const bytes = Buffer.from(body);
    for (const size of [1, 7, bytes.length]) {
      const failed = await failure(readStream(bodyOf(...piecesOf(bytes, size))));
      expect(failed).toMatchObject(refused);
      expect(failed.details.why).toBe(words);
    }
  }
});

test.each(["", "no json", "[]", "{}", '{"data":1}', `{"error":"${"x".repeat(100_000)}"}`])(
  "a body that is neither events nor an error is an early end: %.20s",
  async (body) => {
    const failed = await failure(readStream(bodyOf(Buffer.from(body))));
    expect(failed).toMatchObject({ code: "INCOMPLETE", details: { retryable: true } });
  },
);

test("an error in place of events counts only where no event came", async () => {
  const body = [delta("Half"), JSON.stringify({ error })];
  const failed = await failure(readStream(bodyOf(encode(body))));
  expect(failed).toMatchObject({ code: "INCOMPLETE", details: { partialText: "Half" } });
});

const headers = {
  "Retry-After": 7,
  "x-codex-primary-used-percent": "100",
  "x-codex-primary-window-minutes": "300",
  "x-codex-primary-reset-at": "1795203728",
  "x-codex-plan-type": "plus",
};

test.each<[string, object]>([
  ["response.failed", failedEvent("rate_limit_exceeded", "Slower", { headers })],
  ["a nested error", { type: "error", error: { code: "rate_limit_exceeded", headers } }],
  ["headers beside the error", { type: "error", error: { code: "slow_down" }, headers }],
  ["a flat error", { type: "error", code: "rate_limit_exceeded", headers }],
])("the headers of an error in the stream count: %s", async (_, event) => {
  const told: Quota[] = [];
  const onQuota = (quota: Quota): void => {
    told.push(quota);
  };
  const failed = await failure(readStream(bodyOf(encode([event])), { onQuota }));
  expect(failed).toMatchObject({ code: "RATE_LIMITED", details: { retryAfterMs: 7_000 } });
  expect(told).toMatchObject([{ plan: "plus", windows: [{ usedPercent: 100, resetsAt: 1_795_203_728_000 }] }]);
});

test.each([null, "odd", 5, [], { "retry-after": null }, { "retry-after": {} }])(
  "headers of an error that are none do no harm: %j",
  async (odd) => {
    const event = failedEvent("rate_limit_exceeded", "Slower", { headers: odd });
    const failed = await failure(readStream(bodyOf(encode([event]))));
    expect(failed.code).toBe("RATE_LIMITED");
    expect(failed.details.retryAfterMs).toBeUndefined();
  },
);
