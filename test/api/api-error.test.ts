import { expect, test } from "vitest";
import { errorCodes } from "../../src/shared/errors.ts";
import { toApiError, type ApiErrorInfo } from "../../src/api/api-error.ts";
import { refusal } from "../support/refusals.ts";
import { renderNext } from "../../src/render/next-step.ts";

const stream = undefined;

test.each<[string, Partial<ApiErrorInfo>, string, boolean]>([
  ["a used-up plan", { status: 429, type: "usage_limit_reached" }, "USAGE_LIMIT", false],
  ["used-up credits", { status: 429, code: "credit_balance_exhausted" }, "USAGE_LIMIT", false],
  ["a spend limit", { status: 429, code: "project_spend_limit_exceeded" }, "USAGE_LIMIT", false],
  ["a used-up plan in a stream", { status: stream, code: "usage_limit_reached" }, "USAGE_LIMIT", false],
  ["a plan without Codex", { status: 429, type: "usage_not_included" }, "PLAN_REQUIRED", false],
  ["a deactivated workspace", { status: 402, code: "deactivated_workspace" }, "PLAN_REQUIRED", false],
  ["a forbidden plan", { status: 403, message: "Your plan may not do this" }, "PLAN_REQUIRED", false],
  ["a forbidden workspace by code", { status: 403, code: "deactivated_workspace" }, "PLAN_REQUIRED", false],
  ["another 403", { status: 403, message: "No explanation" }, "UPSTREAM", false],
  ["a policy", { code: "cyber_policy" }, "POLICY", false],
  ["a policy in a stream", { status: stream, code: "bio_policy" }, "POLICY", false],
  ["too long a prompt", { code: "context_length_exceeded" }, "CONTEXT_TOO_LONG", false],
  ["a body above the limit", { status: 413 }, "CONTEXT_TOO_LONG", false],
  ["no capacity", { status: 503, code: "server_is_overloaded" }, "OVERLOADED", true],
  ["no capacity in a stream", { status: stream, code: "server_is_overloaded" }, "OVERLOADED", true],
  ["a 429 without a time", { status: 429, code: "rate_limit_exceeded" }, "RATE_LIMITED", false],
  ["a 429 with a time", { status: 429, retryAfterMs: 1000 }, "RATE_LIMITED", true],
  ["slow_down", { status: 503, code: "slow_down" }, "RATE_LIMITED", true],
  ["a rate limit in a stream", { status: stream, code: "rate_limit_exceeded" }, "RATE_LIMITED", true],
  ["a challenge", { status: 403, html: true }, "BLOCKED", false],
  ["a challenge by 503", { status: 503, html: true, challenge: true }, "BLOCKED", false],
  ["a rate limit of the edge", { status: 429, html: true, challenge: true }, "BLOCKED", false],
  ["a challenge with 200", { status: 200, html: true, challenge: true }, "BLOCKED", false],
  ["a gateway's own 503 page", { status: 503, html: true }, "UPSTREAM", true],
  ["a broken gateway", { status: 502, html: true }, "UPSTREAM", true],
  ["301", { status: 301 }, "UPSTREAM", false],
  ["308 with a page", { status: 308, html: true }, "UPSTREAM", false],
  ["401", { status: 401, code: "token_expired" }, "AUTH_EXPIRED", false],
  ["401 named in a stream", { status: 401, inStream: true }, "AUTH_EXPIRED", false],
  ["an expired token in a stream", { status: stream, code: "token_expired" }, "AUTH_EXPIRED", false],
  ["a bad token in a stream", { status: stream, type: "invalid_token" }, "AUTH_EXPIRED", false],
  ["an ended login in a stream", { status: stream, code: "token_invalidated" }, "AUTH_EXPIRED", false],
  ["a revoked login in a stream", { status: stream, code: "token_revoked" }, "AUTH_EXPIRED", false],
  ["a rate limit in a stream that names 429", { status: 429, inStream: true }, "RATE_LIMITED", true],
  [
    "a refused model",
    { message: "The 'x' model is not supported when using Codex with a ChatGPT account." },
    "MODEL_UNAVAILABLE",
    false,
  ],
  [
    "a model for newer clients",
    { message: "The 'x' model requires a newer version of Codex." },
    "MODEL_UNAVAILABLE",
    false,
  ],
  ["a missing model", { status: 404, message: "Model not found x" }, "MODEL_UNAVAILABLE", false],
  ["a missing model in a stream", { status: stream, code: "model_not_found" }, "MODEL_UNAVAILABLE", false],
  ["another 404", { status: 404, message: "Not Found" }, "UPSTREAM", false],
  ["a bad value", { code: "invalid_value", param: "reasoning.effort" }, "BAD_REQUEST", false],
  ["422", { status: 422 }, "BAD_REQUEST", false],
  ["a bad request in a stream", { status: stream, type: "invalid_request_error" }, "BAD_REQUEST", false],
  ["a bad request in a nested event", { status: stream, type: "invalid_request" }, "BAD_REQUEST", false],
  ["a bad value in a stream", { status: stream, code: "unsupported_value" }, "BAD_REQUEST", false],
  ["500", { status: 500 }, "UPSTREAM", true],
  ["504", { status: 504 }, "UPSTREAM", true],
  ["an unknown failure in a stream", { status: stream, code: "server_error" }, "UPSTREAM", true],
  ["a failure without any word", { status: stream }, "UPSTREAM", true],
  ["204", { status: 204 }, "UPSTREAM", false],
  ["405", { status: 405 }, "UPSTREAM", false],
])("%s", (_, facts, code, retryable) => {
  const error = toApiError(refusal(facts));
  expect(error.code).toBe(code);
  expect(error.details.retryable ?? false).toBe(retryable);
});

test("the next step of a bad request is about the field, the words, or neither, as they are told", () => {
  const { next } = errorCodes.BAD_REQUEST;
  expect(toApiError(refusal({ param: "text.verbosity" })).next).toBe(next);
  expect(toApiError(refusal({ message: "Store must be set to false" })).next).toBe(next);
  expect(renderNext(toApiError(refusal({ message: "No explanation" })), "mcp")).toMatch(/what the service said/);
  for (const facts of [{}, { html: true, message: "<p>" }, { code: "invalid_value" }]) {
    expect(renderNext(toApiError(refusal(facts)), "mcp")).toMatch(/^Repeat the call\. .*codex-oauth doctor/);
  }
});

test("names the field of a bad request, for programs", () => {
  const error = toApiError(refusal({ code: "invalid_value", param: "text.verbosity" }));
  expect(error.details.field).toBe("text.verbosity");
});

test("keeps the reset time and the request id", () => {
  const error = toApiError(refusal({ status: 429, type: "usage_limit_reached", resetsAt: 5, requestId: "req_1" }));
  expect(error.details).toMatchObject({ resetsAt: 5, requestId: "req_1" });
});

test.each([
  ["Please try again in 2.5s.", 2500],
  ["try again in 20 seconds", 20_000],
  ["Try again in 150ms", 150],
  ["try again in 1.2345 s", 1235],
  ["try again later", undefined],
])("a stream tells the wait only in words: %s", (message, retryAfterMs) => {
  const error = toApiError(refusal({ status: stream, code: "rate_limit_exceeded", message }));
  expect(error.details.retryAfterMs).toBe(retryAfterMs);
});

test("a header's wait beats the one in words", () => {
  const error = toApiError(refusal({ status: 429, retryAfterMs: 7000, message: "try again in 2 s" }));
  expect(error.details.retryAfterMs).toBe(7000);
});

test("the service's words are quoted on one line, short, without controls", () => {
  const message = `a\u001b[31m\nb\u0000 ${"🙂".repeat(300)}`;
  const { why } = toApiError(refusal({ message })).details;
  expect(why).toMatch(/^The service said: a b /);
  expect(why!.length).toBeLessThan(330);
  expect(why!.isWellFormed()).toBe(true);
});

test("a page of HTML is never quoted", () => {
  for (const status of [403, 429, 503, 502]) {
    const error = toApiError(refusal({ status, html: true, message: "<html>Just a moment" }));
    expect(error.details.why).toBeUndefined();
  }
});

test.each([
  ["Unsupported parameter: temperature", "temperature"],
  ["Unsupported parameter: 'text.verbosity'.", "text.verbosity"],
  ["Store must be set to false", "store"],
  ["Stream must be set to true", "stream"],
  ["System messages are not allowed", "input"],
  ["Instructions are required", "instructions"],
  ["The store must be set to something", undefined],
  ["No explanation", undefined],
])("the words %j name the field %s", (message, field) => {
  expect(toApiError(refusal({ message })).details.field).toBe(field);
});

test("a field that the service names by itself counts before its words", () => {
  const error = toApiError(refusal({ message: "Unsupported parameter: x", param: "y" }));
  expect(error.details.field).toBe("y");
});

test("a bad request in a stream names its field, too", () => {
  const facts = { status: stream, code: "invalid_value", param: "text.verbosity" };
  expect(toApiError(refusal(facts)).details.field).toBe("text.verbosity");
});

test("a field that the words leave out is told beside them", () => {
  const told = (param: string, message: string): string | undefined =>
    toApiError(refusal({ param, message })).details.why;
  expect(told("input.0.role", "Field required")).toBe("The service said: Field required (field: input.0.role)");
  expect(told("input", "")).toBe("The service names the field input.");
  expect(told("input", "Bad value of input")).toBe("The service said: Bad value of input");
  expect(told("a b\u001b[31m", "No")).toBe("The service said: No");
});

test("a model for newer clients is told how to report a newer version", () => {
  const message = "The 'x' model requires a newer version of Codex.";
  expect(renderNext(toApiError(refusal({ message })), "mcp")).toMatch(/CODEX_CLIENT_VERSION.*update codex-oauth/);
  expect(toApiError(refusal({ message: "Model not found x", status: 404 })).next).toBe(
    errorCodes.MODEL_UNAVAILABLE.next,
  );
});
