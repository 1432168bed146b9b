import { expect, test } from "vitest";
import { accessTokenExpiry } from "../../../src/auth/oauth/claims.ts";

const now = Date.UTC(2026, 10, 20, 12);
const hourMs = 3_600_000;

function jwt(claims: Record<string, number>): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  return `${part({ alg: "none" })}.${part(claims)}.x`;
}
const seconds = (ms: number): number => ms / 1000;

test("a token ends at its own exp, whatever the endpoint says", () => {
  const token = jwt({ exp: seconds(now + 2 * hourMs) });
  expect(accessTokenExpiry(token, 60, now)).toBe(now + 2 * hourMs);
});

test("an opaque one ends as the endpoint says, else after an hour", () => {
  expect(accessTokenExpiry("opaque", 7_200, now)).toBe(now + 2 * hourMs);
  expect(accessTokenExpiry("opaque", undefined, now)).toBe(now + hourMs);
});

test.each([
  ["what the endpoint says", { exp: seconds(now - hourMs) }, 3_600],
  ["its own lifetime", { exp: seconds(now - hourMs), iat: seconds(now - 2 * hourMs) }, undefined],
])("with a clock that is hours ahead, a new token lives for %s", (_, claims, expiresIn) => {
  expect(accessTokenExpiry(jwt(claims), expiresIn, now)).toBe(now + hourMs);
});

test("one that has ended and tells no lifetime has ended", () => {
  expect(accessTokenExpiry(jwt({ exp: seconds(now - hourMs) }), undefined, now)).toBe(now - hourMs);
});
