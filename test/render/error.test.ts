import { expect, test } from "vitest";
import { CodexError, errorCodes, type CodexErrorCode } from "../../src/shared/errors.ts";
import { errorLine, renderError, renderPartial } from "../../src/render/error.ts";
import { renderNext } from "../../src/render/next-step.ts";
import { act } from "../../src/shared/next-step.ts";

const now = Date.UTC(2026, 10, 20, 12);

function render(error: CodexError): string {
  return renderError(error, now, "UTC", "cli");
}

test.each(Object.keys(errorCodes) as CodexErrorCode[])("%s begins with its code and ends with a next step", (code) => {
  const error = new CodexError(code, "Something happened.");
  expect(render(error)).toBe(`${code}: Something happened.\nNext: ${renderNext(error, "cli")}`);
});

test("why, reset, next step and request id have a line each", () => {
  const error = new CodexError("USAGE_LIMIT", "Used up.", {
    why: "The service said: no.",
    resetsAt: now + 2 * 3_600_000,
    retryAfterMs: 5_000,
    requestId: "req_1",
    next: [act("Wait")],
  });
  expect(render(error)).toBe(
    [
      "USAGE_LIMIT: Used up.",
      "The service said: no.",
      "The limit resets at 14:00 (in 2 h).",
      "Next: Wait.",
      "Request id: req_1",
    ].join("\n"),
  );
});

test("a reset is shown in local time, one in the past as such", () => {
  const error = new CodexError("USAGE_LIMIT", "Used up.", { resetsAt: now + 3_600_000 });
  expect(renderError(error, now, "Asia/Tokyo", "cli")).toContain("The limit resets at 22:00 (in 1 h).");
  expect(render(error.with({ resetsAt: now - 17 * 60_000 }))).toContain(
    "The limit was to reset at 11:43 (17 min ago).\n",
  );
});

test("the wait that the service asks for is told", () => {
  const error = new CodexError("RATE_LIMITED", "Too many.", { retryAfterMs: 119_000 });
  expect(render(error)).toContain("The service asks to wait 2 min.");
});

test("no wait at all is not told as one", () => {
  const error = new CodexError("RATE_LIMITED", "Too many.", { retryAfterMs: 0 });
  expect(render(error)).toBe(render(new CodexError("RATE_LIMITED", "Too many.")));
  expect(errorLine(error, "cli")).not.toContain("0 s");
});

test("a cause never shows", () => {
  const error = new CodexError("INTERNAL", "A defect.", { cause: new Error("at secret.ts:5") });
  expect(render(error)).not.toContain("secret.ts");
});

test("a sequence is removed whole from an error, in each form", () => {
  const error = new CodexError("UPSTREAM", "No.", {
    why: "a\u001b[31mb\u009b32mc\u001b]0;title\u0007d\u0090q\u009ce.",
  });
  expect(render(error)).toContain("abcde.");
});

test("names from outside cannot bring controls into an error", () => {
  const error = new CodexError("MODEL_UNAVAILABLE", "No.", { why: "Usable: a\u001b[31mb\u0000." });
  expect(render(error)).toContain("Usable: ab.");
});

test("partial text is marked as such, before it begins", () => {
  expect(renderPartial("Half \u001b[1mof it")).toBe("\n\nPartial answer, it breaks off:\n\nHalf of it");
});

test("a control of the direction in partial text is marked", () => {
  expect(renderPartial("a\u202eb")).toContain("a[U+202E]b");
});

test("partial text that was cut says how much of it is shown", () => {
  expect(renderPartial("Half", 1_234_567)).toBe(
    "\n\nPartial answer, it breaks off (only its first 4 of 1,234,567 characters are shown):\n\nHalf",
  );
});

test("a wait is named as the next step only where the message tells one", () => {
  const waiting = new CodexError("RATE_LIMITED", "Too many.", { retryAfterMs: 5_000 });
  expect(render(waiting)).toContain("Next: Wait for the time that the message names");
  expect(render(new CodexError("RATE_LIMITED", "Too many."))).not.toContain("message names");
  const used = new CodexError("USAGE_LIMIT", "Used up.");
  expect(render(used)).not.toContain("message names");
  for (const error of [used, used.with({ resetsAt: now + 1 })]) {
    expect(render(error)).toContain("then wait until the limit resets.");
  }
});

test.each(["UPSTREAM", "OVERLOADED"] as const)(
  "%s follows the wait that the service asks for, where it asks for one",
  (code) => {
    const error = new CodexError(code, "No.");
    expect(render(error.with({ retryAfterMs: 600_000 }))).toMatch(
      /asks to wait 10 min\.\nNext: Wait for the time that the message names/,
    );
    expect(render(error)).toContain("Next: Wait a minute or two");
  },
);
