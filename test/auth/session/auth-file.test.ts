import { expect, test } from "vitest";
import type { TokenSet } from "../../../src/auth/oauth/token-set.ts";
import { externalKinds } from "../../../src/shared/credential-kind.ts";
import { readRecord, withChoice, withoutRecord, withRecord } from "../../../src/auth/session/auth-file.ts";

const tokens: TokenSet = {
  issuer: "https://auth.example.test",
  apiOrigin: "https://api.example.test",
  accessToken: "at_1",
  refreshToken: "rt_1",
  idToken: "id_1",
  accountId: "account-1",
  email: "jane@example.test",
  plan: "plus",
  expiresAt: 1_795_000_000_000,
  generation: 7,
};

/** A document whose record has these fields (undefined: missing). */
function stored(fields: Record<string, unknown> = {}): Record<string, unknown> {
  const record = { ...(withRecord({}, tokens)["codex"] as object), ...fields };
  return JSON.parse(JSON.stringify({ codex: record })) as Record<string, unknown>;
}

test("what was stored is read", () => {
  expect(readRecord(withRecord({}, tokens))).toEqual({ kind: "login", tokens });
  const anonymous = { ...tokens, email: undefined, plan: undefined };
  const document = JSON.parse(JSON.stringify(withRecord({}, anonymous))) as Record<string, unknown>;
  expect(readRecord(document)).toEqual({ kind: "login", tokens: anonymous });
});

test("no record means signed out, whatever other programs store there", () => {
  expect(readRecord({})).toEqual({ kind: "none" });
  expect(readRecord({ codex: null })).toEqual({ kind: "none" });
  expect(readRecord({ other: { accessToken: "at" }, tokens: {} })).toEqual({ kind: "none" });
});

test.each([2, 99, 1.5])("a record of version %d belongs to a newer program", (version) => {
  expect(readRecord(stored({ version, accessToken: 1 }))).toEqual({ kind: "newer", version });
});

test.each([
  ["no version", { version: undefined }],
  ["an older version than the first", { version: 0 }],
  ["a version in words", { version: "one" }],
  ["no access token", { accessToken: undefined }],
  ["no refresh token", { refreshToken: undefined }],
  ["an empty refresh token", { refreshToken: "" }],
  ["no account", { accountId: undefined }],
  ["no issuer", { issuer: undefined }],
  ["a token with a newline", { accessToken: "at\n1" }],
  ["a token with NUL", { refreshToken: "rt\u00001" }],
  ["a token with a euro sign", { idToken: "id€" }],
  ["a token with a space", { accessToken: "at 1" }],
  ["a token of a megabyte", { accessToken: "a".repeat(1024 * 1024) }],
  ["a token that is a number", { accessToken: 1 }],
  ["an account id with CR", { accountId: "a\r\nx-evil: 1" }],
])("a record with %s is damaged", (_, fields) => {
  expect(readRecord(stored(fields))).toEqual({ kind: "damaged" });
});

test.each([[], "rt_bare", 1, true])("%j in place of the record is damaged", (record) => {
  expect(readRecord({ codex: record })).toEqual({ kind: "damaged" });
});

test.each([
  ["missing", undefined],
  ["a string", "1795000000000"],
  ["negative", -1],
  ["infinite", Number.POSITIVE_INFINITY],
  ["beyond every date", 1e300],
])("an expiry that is %s counts as past, never as far away", (_, expiresAt) => {
  const document = { codex: { ...(stored()["codex"] as object), expiresAt } };
  expect(readRecord(document)).toMatchObject({ kind: "login", tokens: { expiresAt: 0 } });
});

test("an expiry in seconds lies in the past", () => {
  const read = readRecord(stored({ expiresAt: tokens.expiresAt / 1000 }));
  expect(read).toMatchObject({ tokens: { expiresAt: 1_795_000_000 } });
});

test("1e400 in the file is no eternal token", () => {
  const text = JSON.stringify(stored()).replace(`${tokens.expiresAt}`, "1e400");
  const read = readRecord(JSON.parse(text) as Record<string, unknown>);
  expect(read).toMatchObject({ tokens: { expiresAt: 0 } });
});

test("wrong e-mail, plan and generation do not cost the login", () => {
  const read = readRecord(stored({ email: 1, plan: {}, generation: "x", idToken: null }));
  const expected = { email: undefined, plan: undefined, generation: 0, idToken: "" };
  expect(read).toMatchObject({ kind: "login", tokens: expected });
});

test("keys of others and of newer versions survive, at every depth", () => {
  const document = {
    first: [1, { deep: { deeper: null } }],
    codex: { ...(stored()["codex"] as object), later: { nested: { deeply: [true] } } },
    __proto__last: "x",
  };
  const rewritten = withRecord(document, { ...tokens, accessToken: "at_2" });
  expect(rewritten).toEqual({
    ...document,
    codex: { ...document.codex, accessToken: "at_2" },
  });
  expect(Object.keys(rewritten)).toEqual(["first", "codex", "__proto__last"]);
});

test("a key named __proto__ survives as a key", () => {
  const document = JSON.parse('{"__proto__": {"a": 1}, "b": 2}') as Record<string, unknown>;
  expect(JSON.stringify(withoutRecord(withRecord(document, tokens)))).toBe(JSON.stringify(document));
});

test("without the record the rest stays", () => {
  expect(withoutRecord({ a: 1, codex: {}, b: 2 })).toEqual({ a: 1, b: 2 });
  expect(withoutRecord({ codex: {} })).toEqual({});
});

test.each([undefined, null, ""])("a login without an ID token (%j) survives a rewrite", (idToken) => {
  const codex = {
    version: 1,
    issuer: "https://auth.openai.com",
    apiOrigin: "https://chatgpt.com",
    accessToken: "access",
    refreshToken: "refresh",
    idToken,
    accountId: "account",
    expiresAt: 1,
    generation: 1,
  };
  const first = readRecord({ codex });
  if (first.kind !== "login") throw new Error(first.kind);
  expect(readRecord(withRecord({}, first.tokens))).toEqual(first);
});

test.each(externalKinds)(
  "the choice of %s sets a login aside, and a refresh of that login keeps the choice",
  (kind) => {
    const choice = { kind, generation: tokens.generation };
    const document = withChoice(withRecord({ others: 1 }, tokens), choice);
    expect(document).toMatchObject({ others: 1, codex: { mode: kind, refreshToken: tokens.refreshToken } });
    expect(readRecord(document)).toEqual({ kind: "choice", choice, tokens });
    const refreshed = { ...tokens, accessToken: "at_2" };
    expect(readRecord(withRecord(document, refreshed))).toEqual({ kind: "choice", choice, tokens: refreshed });
    const another = { ...tokens, generation: tokens.generation + 1 };
    expect(readRecord(withRecord(document, another))).toEqual({ kind: "login", tokens: another });
    expect(readRecord(withChoice(document, { ...choice, kind: "chatgpt" }))).toEqual({ kind: "login", tokens });
  },
);

test.each(externalKinds)("the choice of %s without a login has no tokens", (kind) => {
  const document = withChoice({ others: 1 }, { kind, generation: 8 });
  expect(document).toEqual({ others: 1, codex: { version: 1, mode: kind, generation: 8 } });
  expect(readRecord(document)).toEqual({ kind: "choice", choice: { kind, generation: 8 }, tokens: undefined });
});

test("a login takes the place of a choice, and a record without a mode is a login", () => {
  const document = withRecord(withChoice({}, { kind: "api-key", generation: 8 }), tokens);
  expect(document).toMatchObject({ codex: { mode: "chatgpt" } });
  expect(readRecord(document)).toEqual({ kind: "login", tokens });
  for (const mode of [undefined, null, "chatgpt"]) {
    expect(readRecord(stored({ mode }))).toEqual({ kind: "login", tokens });
  }
});

test("an unknown mode belongs to a newer program, whatever the version", () => {
  expect(readRecord(stored({ mode: "telepathy" }))).toEqual({ kind: "newer", version: 1 });
  expect(readRecord(stored({ mode: 7 })).kind).toBe("damaged");
  expect(readRecord(stored({ mode: "telepathy", version: 2 }))).toEqual({
    kind: "newer",
    version: 2,
  });
  expect(readRecord({ codex: { version: 1, mode: "api-key" } })).toEqual({
    kind: "choice",
    choice: { kind: "api-key", generation: 0 },
  });
});
