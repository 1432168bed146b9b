import { expect, test } from "vitest";
import type { QueryReply } from "../../src/core/query.ts";
import { renderReply } from "../../src/render/reply.ts";

const now = Date.UTC(2026, 10, 20, 12);

const reply: QueryReply = {
  text: "Use a lock.",
  refused: false,
  functionCalls: [],
  items: [],
  model: "gpt-6.1-sol",
  effort: "low",
  usage: { inputTokens: 1234, cachedInputTokens: 0, outputTokens: 56, reasoningTokens: 12 },
  durationMs: 3_210,
  quota: undefined,
  notices: [],
};

function render(changes: Partial<QueryReply> = {}, notices: string[] = []): string {
  return renderReply({ ...reply, ...changes }, notices, now, "UTC");
}

test("the answer comes first, then one line of facts", () => {
  expect(render()).toBe(
    "Use a lock.\n\n— gpt-6.1-sol · effort low · 1,234 tokens in, 56 out · 3.2 s",
  );
});

test("what is not known is not in the line", () => {
  expect(render({ usage: undefined, effort: undefined })).toBe(
    "Use a lock.\n\n— gpt-6.1-sol · 3.2 s",
  );
});

test("the quota is part of the line when it was told", () => {
  const windows = [
    { usedPercent: 22, windowMinutes: 10_080, resetsAt: now + 26 * 3_600_000 },
    { usedPercent: 40.4, windowMinutes: 300, resetsAt: undefined },
  ];
  expect(render({ quota: { windows, seenAt: now, plan: "plus" } })).toMatch(
    / · week: 78 % left, resets Sat 21 Nov 14:00; 5 h: 60 % left$/,
  );
});

test("a refusal and every notice are named, those of the settings first", () => {
  expect(render({ refused: true, notices: ["b."] }, ["a."])).toMatch(
    / · the model declined to answer · a\. · b\.$/,
  );
});

test("escapes, controls and lone surrogates of an answer do not reach the reader", () => {
  const text = "\u001b[31mred\u001b[0m \u0000nul \ud800 a\u2028b";
  expect(render({ text })).toMatch(/^red nul \ufffd a\nb\n\n— /);
});
