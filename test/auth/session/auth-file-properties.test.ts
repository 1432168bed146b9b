import { expect, test } from "vitest";
import type { TokenSet } from "../../../src/auth/oauth/token-set.ts";
import { readRecord, withoutRecord, withRecord } from "../../../src/auth/session/auth-file.ts";
import { fc } from "../../support/chance.ts";

const token = fc.stringMatching(/^[\x21-\x7e]{1,60}$/);
const text = fc.option(fc.string({ minLength: 1, maxLength: 20 }), { nil: undefined });
const moment = fc.integer({ min: 0, max: 8_640_000_000_000 });

const login: fc.Arbitrary<TokenSet> = fc.record({
  issuer: fc.constant("https://auth.example.test"),
  apiOrigin: fc.constant("https://api.example.test"),
  accessToken: token,
  refreshToken: token,
  idToken: fc.oneof(token, fc.constant("")),
  accountId: token,
  email: text,
  plan: text,
  expiresAt: moment,
  generation: moment,
});

/** What other programs, or newer versions of this one, may keep in the same file. */
const others = fc
  .dictionary(fc.string({ maxLength: 12 }), fc.jsonValue({ maxDepth: 2 }))
  .map((entries) => Object.fromEntries(Object.entries(entries).filter(([key]) => key !== "__proto__")));

function stored(document: unknown): Record<string, unknown> {
  return JSON.parse(JSON.stringify(document)) as Record<string, unknown>;
}

test("whatever was stored is read back the same", () => {
  fc.assert(
    fc.property(others, login, (document, tokens) => {
      const { codex: _, ...rest } = document;
      expect(readRecord(stored(withRecord(rest, tokens)))).toEqual({ kind: "login", tokens });
    }),
  );
});

test("others' entries outlive a sign-in, a refresh and a sign-out", () => {
  fc.assert(
    fc.property(others, login, login, (document, first, second) => {
      const { codex: _, ...rest } = stored(document);
      const signedOut = withoutRecord(withRecord(withRecord(rest, first), second));
      expect(stored(signedOut)).toEqual(rest);
    }),
  );
});

test("unknown fields of the record outlive a refresh", () => {
  fc.assert(
    fc.property(others, login, login, (extra, first, second) => {
      const known = withRecord({}, first)["codex"] as Record<string, unknown>;
      const record = { ...extra, ...known };
      const after = withRecord({ codex: record }, second)["codex"] as Record<string, unknown>;
      for (const key of Object.keys(extra)) {
        if (!(key in known)) expect(after[key]).toEqual(extra[key]);
      }
    }),
  );
});

test("any content of the file is parsed, and none becomes an incomplete login", () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 3 }), others, login, (record, extra, tokens) => {
      for (const codex of [record, { ...(withRecord({}, tokens)["codex"] as object), ...extra }]) {
        const parsed = readRecord(stored({ codex }));
        if (parsed.kind !== "login") continue;
        expect(parsed.tokens.accessToken).toMatch(/^[\x21-\x7e]+$/);
        expect(parsed.tokens.refreshToken).toMatch(/^[\x21-\x7e]+$/);
        expect(parsed.tokens.accountId).toMatch(/^[\x21-\x7e]+$/);
        expect(Number.isNaN(parsed.tokens.expiresAt)).toBe(false);
      }
    }),
    { numRuns: 500 },
  );
});
