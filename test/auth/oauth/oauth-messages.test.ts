import { expect, test } from "vitest";
import { codeExchangeResponse, oauthErrorCode, refreshResponse } from "../../../src/auth/oauth/oauth-messages.ts";

const all = { access_token: "at_1", refresh_token: "rt_1", id_token: "id_1" };

test("a code exchange needs all three tokens", () => {
  expect(codeExchangeResponse.parse({ ...all, expires_in: 60, scope: "x" })).toEqual({
    ...all,
    expires_in: 60,
  });
  for (const name of Object.keys(all)) {
    expect(codeExchangeResponse.safeParse({ ...all, [name]: undefined }).success, name).toBe(false);
    expect(codeExchangeResponse.safeParse({ ...all, [name]: "a\nb" }).success, name).toBe(false);
  }
});

test.each([undefined, null, "3600", 0, -1, 1e300])("expires_in %j is as good as absent", (wrong) => {
  expect(codeExchangeResponse.parse({ ...all, expires_in: wrong })).toEqual({ ...all });
  expect(refreshResponse.parse({ ...all, expires_in: wrong })).toEqual({ ...all });
});

test.each([undefined, null, 1, "", {}, "a\nb", "a\u0000b", "tok€n", "a".repeat(100_001)])(
  "a refreshed token %j counts as missing and does not cost the others",
  (wrong) => {
    expect(refreshResponse.parse({ ...all, refresh_token: wrong }).refresh_token).toBeUndefined();
    expect(refreshResponse.parse({ ...all, access_token: wrong })).toMatchObject({
      refresh_token: "rt_1",
      id_token: "id_1",
    });
  },
);

test.each([
  [{ error: "invalid_grant" }, "invalid_grant"],
  [{ error: "Invalid_Grant", error_description: "x" }, "invalid_grant"],
  [{ error: { code: "refresh_token_reused", message: "x", param: null } }, "refresh_token_reused"],
  [{ error: { message: "x" }, code: "refresh_token_expired" }, "refresh_token_expired"],
  [{ code: "REFRESH_TOKEN_INVALIDATED" }, "refresh_token_invalidated"],
  [{ error: { code: null } }, undefined],
  [{ detail: "Unauthorized" }, undefined],
  [undefined, undefined],
  ["<html>", undefined],
  [{ error: 5 }, undefined],
  [{ error: "token_exchange_user_error" }, "token_exchange_user_error"],
  [{ error: "rt_CANARY_a-token-that-came-back" }, undefined],
  [{ error: { code: "INVALID_GRANT rt_canary" } }, undefined],
  [{ error: "toString" }, undefined],
  [{ error: { code: "something_new" }, code: "invalid_grant" }, undefined],
])("the refusal %j has the code %j", (body, code) => {
  expect(oauthErrorCode(body)).toBe(code);
});
