import { describe, expect, test } from "vitest";
import { CodexError, errorCodes, toCodexError } from "../../src/shared/errors.ts";
import { retry } from "../../src/shared/next-step.ts";

test("the codes are the closed set that programs know", () => {
  expect(Object.keys(errorCodes).join(" ")).toBe(
    "AUTH_REQUIRED AUTH_EXPIRED AUTH_DENIED LOGIN_PORT_BUSY LOGIN_TIMEOUT USAGE_LIMIT " +
      "RATE_LIMITED PLAN_REQUIRED MODEL_UNAVAILABLE OVERLOADED POLICY CONTEXT_TOO_LONG " +
      "BAD_REQUEST BLOCKED NETWORK TIMEOUT CANCELLED INCOMPLETE EMPTY_RESPONSE UPSTREAM " +
      "PROTOCOL STORAGE CONFIG INTERNAL",
  );
});

test.each(Object.entries(errorCodes))("%s has a meaning, in sentences, and a next step", (_, code) => {
  expect(code.meaning).toMatch(/^[A-Z].*\.$/);
  expect(code.next.length).toBeGreaterThan(0);
});

describe("an error of ours", () => {
  const cause = new Error("below");
  const error = new CodexError("NETWORK", "It broke.", { why: "Cut.", retryable: true, cause });

  test("has the next step of its code unless it has one of its own", () => {
    expect(error.next).toBe(errorCodes.NETWORK.next);
    expect(error.with({ next: [retry] }).next).toEqual([retry]);
  });

  test("keeps everything when something is added", () => {
    const more = error.with({ requestId: "req_1", retryable: false });
    expect([more.code, more.message, more.cause]).toEqual(["NETWORK", "It broke.", cause]);
    expect(more.details).toEqual({ why: "Cut.", retryable: false, requestId: "req_1" });
    expect(error.details).toEqual({ why: "Cut.", retryable: true });
  });

  test("passes through unchanged, and does not show its cause", () => {
    expect(toCodexError(error)).toBe(error);
    expect(JSON.stringify(error)).not.toContain("below");
  });
});

test.each([
  ["an abort", new DOMException("x", "AbortError"), "CANCELLED"],
  ["a defect", new TypeError("x is not a function"), "INTERNAL"],
  ["nothing", undefined, "INTERNAL"],
])("%s becomes one of ours without its words", (_, thrown, code) => {
  const error = toCodexError(thrown);
  expect(error.code).toBe(code);
  expect(error.message).not.toContain("x is not");
  expect(error.cause).toBe(thrown);
});
