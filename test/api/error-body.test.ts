import { expect, test } from "vitest";
import { parseRetryAfter, requestId, toApiErrorInfo } from "../../src/api/error-body.ts";
import { fc } from "../support/chance.ts";

const now = Date.UTC(2026, 10, 20, 12);

function refusal(body: unknown, headers = {}, status = 400) {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return toApiErrorInfo(status, headers, text, now);
}

test("reads the words of the ChatGPT layer", () => {
  expect(refusal({ detail: "Instructions are required" })).toMatchObject({
    message: "Instructions are required",
    code: undefined,
    html: false,
    challenge: false,
  });
  expect(refusal({ detail: { code: "deactivated_workspace" } })).toMatchObject({
    code: "deactivated_workspace",
    message: "",
  });
});

test("reads the error of the model service", () => {
  const error = { message: "m", type: "invalid_request_error", code: "invalid_value", param: "x" };
  expect(refusal({ error, status: 400 })).toMatchObject(error);
  expect(refusal({ error: "words" })).toMatchObject({ message: "words" });
});

test("reads the time of a reset, in seconds since 1970 or from now", () => {
  const type = "usage_limit_reached";
  expect(refusal({ error: { type, resets_at: 1_777_936_568 } }).resetsAt).toBe(1_777_936_568_000);
  expect(refusal({ error: { type, resets_in_seconds: 60 } }).resetsAt).toBe(now + 60_000);
  expect(refusal({ error: { type } }).resetsAt).toBeUndefined();
});

test("reads numbers that came as text, and no time that a calendar lacks", () => {
  const type = "usage_limit_reached";
  expect(refusal({ error: { type, resets_at: "1777936568" } }).resetsAt).toBe(1_777_936_568_000);
  expect(refusal({ error: { type, resets_in_seconds: "90" } }).resetsAt).toBe(now + 90_000);
  for (const odd of ["", " ", "-5", -5, "1e3", 0, 1e15, "9".repeat(15)]) {
    const error = { type, resets_at: odd, resets_in_seconds: odd };
    expect(refusal({ error }).resetsAt, String(odd)).toBeUndefined();
  }
});

test("reads the words, the code and the field of a validation error", () => {
  const detail = [
    { loc: ["body", "input", 0, "role"], msg: "Field required", type: "missing" },
    { loc: ["body", "store"], msg: "Another", type: "other" },
  ];
  expect(refusal({ detail }, {}, 422)).toMatchObject({
    message: "Field required",
    code: "missing",
    param: "input.0.role",
  });
  expect(refusal({ detail: [{ msg: "Only words" }] })).toMatchObject({
    message: "Only words",
    code: undefined,
    param: undefined,
  });
  expect(refusal({ detail: [{ loc: ["body"], msg: "Whole" }] }).param).toBeUndefined();
  expect(refusal({ detail: [1, null, { loc: "x", msg: 2 }, { msg: "Later" }] }).message).toBe("Later");
});

test("reads an object of the ChatGPT layer", () => {
  const detail = { code: "invalid_value", message: "Bad", param: "text" };
  expect(refusal({ detail })).toMatchObject(detail);
});

test.each(["", "null", "[]", "42", '"text"', "<html>", '{"error":', '{"detail":[1,2]}'])(
  "a body of %j is no reason to stumble",
  (body) => {
    expect(refusal(body, {}, 500)).toMatchObject({ status: 500, message: "", code: undefined });
  },
);

test("fields of a wrong type are as good as absent", () => {
  const error = { message: 1, type: {}, code: ["x"], param: true, resets_at: "soon" };
  expect(refusal({ error })).toMatchObject({
    message: "",
    type: undefined,
    code: undefined,
    param: undefined,
    resetsAt: undefined,
  });
});

test("knows a web page by its type, and a challenge by its header", () => {
  expect(refusal("", { "content-type": "text/html; charset=UTF-8" }).html).toBe(true);
  expect(refusal("", { "content-type": "TEXT/HTML" }).html).toBe(true);
  expect(refusal("", { "cf-mitigated": "challenge" }).challenge).toBe(true);
  expect(refusal("<title>Just a moment...</title>", { "content-type": "text/html" }).challenge).toBe(true);
  expect(refusal("<h1>Bad gateway</h1>", { "content-type": "text/html" }).challenge).toBe(false);
  expect(refusal('{"detail":"Cloudflare"}', { "content-type": "application/json" }).challenge).toBe(false);
  expect(refusal("{}", { "content-type": "application/json" }).html).toBe(false);
});

test.each([
  ["Access blocked by Cloudflare", {}],
  ["error code: 1020", { "content-type": "text/plain; charset=UTF-8" }],
  ["<html>Attention Required! | Cloudflare", { "content-type": "text/html" }],
])("knows Cloudflare's words, also without a content type: %j", (text, headers) => {
  expect(refusal(text, headers, 403).challenge).toBe(true);
});

test("Cloudflare's rate limit is one like any other, with its wait", () => {
  const told = refusal("error code: 1015", { "content-type": "text/plain", "retry-after": "7" }, 429);
  expect(told).toMatchObject({ challenge: false, retryAfterMs: 7_000 });
});

test("Cloudflare's words inside of the service's own answer say nothing", () => {
  expect(refusal({ detail: "Cloudflare has blocked it. Just a moment" }, {}, 403).challenge).toBe(false);
});

test("knows Cloudflare's marks, and a page without a content type", () => {
  expect(refusal("", { server: "Cloudflare" }).cloudflare).toBe(true);
  expect(refusal("", { "cf-ray": "8f1-FRA" }).cloudflare).toBe(true);
  expect(refusal("", { server: "squid" }).cloudflare).toBe(false);
  expect(refusal(" <!DOCTYPE html><p>No").html).toBe(true);
  expect(refusal("<html>", { "content-type": "application/json" }).html).toBe(false);
});

test("takes the first id for reports, and only one that is harmless", () => {
  expect(requestId({ "x-request-id": "req_1", "cf-ray": "ray" })).toBe("req_1");
  expect(requestId({ "x-oai-request-id": "oai-2", "cf-ray": "ray" })).toBe("oai-2");
  expect(requestId({ "cf-ray": "8f1-FRA" })).toBe("8f1-FRA");
  expect(requestId({ "x-request-id": "a b\u001b[31m" })).toBeUndefined();
  expect(requestId({})).toBeUndefined();
});

test("Retry-After in seconds", () => {
  fc.assert(
    fc.property(fc.nat({ max: 999_999_999 }), (seconds) => {
      expect(parseRetryAfter(String(seconds), now)).toBe(seconds * 1000);
      expect(parseRetryAfter(` ${seconds} `, now)).toBe(seconds * 1000);
    }),
  );
});

test("Retry-After as an HTTP date, in the past as none", () => {
  const day = 24 * 3600;
  fc.assert(
    fc.property(fc.integer({ min: -365 * day, max: 365 * day }), (seconds) => {
      const date = new Date(now + seconds * 1000).toUTCString();
      expect(parseRetryAfter(date, now)).toBe(Math.max(0, seconds * 1000));
    }),
  );
});

test("Retry-After is undefined or a finite time from now on, whatever is sent", () => {
  fc.assert(
    fc.property(fc.string(), (value) => {
      const wait = parseRetryAfter(value, now);
      if (wait === undefined) return;
      expect(Number.isFinite(wait)).toBe(true);
      expect(wait).toBeGreaterThanOrEqual(0);
    }),
  );
});

test.each(["", "-1", "1.5", "1e3", "0x10", "soon", "2026-11-20", "9999999999", "Friday"])(
  "Retry-After %j says nothing",
  (value) => {
    expect(parseRetryAfter(value, now)).toBeUndefined();
  },
);

test("the older date forms count as UTC too", () => {
  expect(parseRetryAfter("Friday, 20-Nov-26 12:00:30 GMT", now)).toBe(30_000);
  expect(parseRetryAfter("Fri Nov 20 12:00:30 2026", now)).toBe(30_000);
});
