import { expect, test } from "vitest";
import { readClaims } from "../../../src/auth/oauth/claims.ts";

const nothing = {
  expiresAt: undefined,
  accountId: undefined,
  plan: undefined,
  email: undefined,
  fedramp: false,
};

const auth = "https://api.openai.com/auth";
const profile = "https://api.openai.com/profile";

function jwt(claims: unknown): string {
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  return `${part({ alg: "RS256" })}.${part(claims)}.signature`;
}

test("reads expiry, account, plan and e-mail", () => {
  const token = jwt({
    exp: 1_795_000_000,
    email: "jane@example.test",
    [auth]: { chatgpt_account_id: "account-1", chatgpt_plan_type: "plus" },
  });
  expect(readClaims(token)).toEqual({
    expiresAt: 1_795_000_000_000,
    accountId: "account-1",
    plan: "plus",
    email: "jane@example.test",
    fedramp: false,
  });
});

test("an access token has its e-mail in the profile", () => {
  expect(readClaims(jwt({ [profile]: { email: "jane@example.test" } })).email).toBe("jane@example.test");
});

test("an organisation of the API platform is not the account", () => {
  expect(readClaims(jwt({ [auth]: { organizations: [{ id: "org-1" }] } }))).toEqual(nothing);
});

test.each(["", "opaque", "a.b", "a.b.c", "..", `x.${Buffer.from("null").toString("base64url")}.y`])(
  "%j has no claims and is no error",
  (token) => {
    expect(readClaims(token)).toEqual(nothing);
  },
);

test.each([
  ["exp in words", { exp: "1795000000" }],
  ["a negative exp", { exp: -1 }],
  ["an exp beyond every date", { exp: 1e300 }],
  ["an account id with a newline", { [auth]: { chatgpt_account_id: "a\nb" } }],
  ["an account id that is a number", { [auth]: { chatgpt_account_id: 1 } }],
  ["a plan with control characters", { [auth]: { chatgpt_plan_type: "\u001b[31m" } }],
  ["an e-mail of 300 characters", { email: "a".repeat(300) }],
  ["claims that are a list", []],
  ["auth claims that are a word", { [auth]: "none" }],
])("%s is as good as absent", (_, claims) => {
  expect(readClaims(jwt(claims))).toEqual(nothing);
});

test("one claim in a wrong form does not cost the others", () => {
  const token = jwt({ exp: "soon", email: 1, [auth]: { chatgpt_account_id: "account-1" } });
  expect(readClaims(token)).toEqual({ ...nothing, accountId: "account-1" });
});

test("only the claim's own true says that an account is in the government's cloud", () => {
  const fedramp = (value: unknown): boolean =>
    readClaims(jwt({ [auth]: { chatgpt_account_is_fedramp: value } })).fedramp;
  expect([true, false, "true", 1, null].map(fedramp)).toEqual([true, false, false, false, false]);
});
