import { expect, test } from "vitest";
import { readCodexCliAuth } from "../../src/auth/codex-cli-file.ts";

const auth = "https://api.openai.com/auth";

function jwt(claims: unknown): string {
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  return `${part({ alg: "RS256" })}.${part(claims)}.signature`;
}

const access = jwt({ exp: 1_800_000_000, [auth]: { chatgpt_account_id: "from-access" } });
const identity = jwt({
  email: "jane@example.test",
  [auth]: { chatgpt_account_id: "from-id", chatgpt_plan_type: "plus" },
});
const tokens = {
  id_token: identity,
  access_token: access,
  refresh_token: "rt_1",
  account_id: "own",
};
const read = (file: unknown) => readCodexCliAuth(JSON.stringify(file));

test("a ChatGPT login is read with account, plan, end and issuer", () => {
  const provenance = { issuer: "https://auth.openai.com/", client_id: "app_1" };
  const found = read({ auth_mode: "chatgpt", tokens: { ...tokens, oauth_provenance: provenance } });
  expect(found).toEqual({
    kind: "chatgpt",
    tokens: {
      accessToken: access,
      issuer: "https://auth.openai.com",
      accountId: "own",
      email: "jane@example.test",
      plan: "plus",
      expiresAt: 1_800_000_000_000,
      fedramp: false,
    },
  });
  expect(JSON.stringify(found)).not.toContain("rt_1");
});

test("an old file without mode and provenance is a login of the standard issuer", () => {
  const { account_id: _, ...old } = tokens;
  expect(read({ OPENAI_API_KEY: null, tokens: old })).toMatchObject({
    kind: "chatgpt",
    tokens: { issuer: "https://auth.openai.com", accountId: "from-id" },
  });
  expect(read({ tokens: { access_token: access } })).toMatchObject({
    tokens: { accountId: "from-access", plan: undefined },
  });
});

test.each([
  ["a key and tokens without a mode", { OPENAI_API_KEY: "sk-1", tokens }, { kind: "api-key" }],
  ["mode apikey", { auth_mode: "apikey", OPENAI_API_KEY: "sk-1" }, { kind: "api-key" }],
  ["an exchanged key beside a login", { auth_mode: "chatgpt", OPENAI_API_KEY: "sk-1", tokens }, { kind: "chatgpt" }],
  ["another mode", { auth_mode: "agentIdentity", tokens }, { kind: "other", mode: "agentIdentity" }],
  ["a mode that is no word", { auth_mode: "a\nb" }, { kind: "other", mode: "unknown" }],
  ["no tokens", { auth_mode: "chatgpt", tokens: null }, { kind: "signed-out" }],
  ["an empty object", {}, { kind: "signed-out" }],
  ["a list", [], { kind: "damaged" }],
  ["a token with a line break", { tokens: { access_token: "a\r\nb" } }, { kind: "damaged" }],
  ["an account id with a line break", { tokens: { ...tokens, account_id: "a\nb" } }, { kind: "damaged" }],
  ["a provenance that cannot be read", { tokens: { ...tokens, oauth_provenance: "evil" } }, { kind: "damaged" }],
  ["a mode that is a number", { auth_mode: 1, tokens }, { kind: "damaged" }],
])("%s", (_, file, expected) => {
  expect(read(file)).toMatchObject(expected);
});

test("what is not JSON is damaged", () => {
  expect(readCodexCliAuth("{ eyJ")).toEqual({ kind: "damaged" });
});
