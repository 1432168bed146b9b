import { describe, expect, test } from "vitest";
import { Redactor } from "../../src/shared/redactor.ts";
import { fc } from "../support/chance.ts";

const jwt = `eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ1c2VyIn0.${"s1gnature".repeat(5)}`;

describe("known values", () => {
  test("are masked everywhere, however often they come", () => {
    const redactor = new Redactor();
    redactor.addSecrets("opaque-secret-1", undefined, "opaque-secret-2");
    expect(redactor.redactSecrets("a opaque-secret-1 b opaque-secret-2opaque-secret-1")).toBe(
      "a [redacted] b [redacted][redacted]",
    );
  });

  test("are masked when one is a piece of the other, in either order", () => {
    for (const order of [
      ["opaque-secret", "opaque-secret-and-more"],
      ["opaque-secret-and-more", "opaque-secret"],
    ]) {
      const redactor = new Redactor();
      redactor.addSecrets(...order);
      const clean = redactor.redactSecrets("<opaque-secret-and-more>");
      expect(clean).not.toContain("opaque-secret");
      expect(clean).not.toContain("and-more");
    }
  });

  test("tell how long the longest is", () => {
    const redactor = new Redactor();
    expect(redactor.longest).toBe(0);
    redactor.addSecrets("opaque-secret-1", "at-0123456789".repeat(10_000), "opaque-secret-2");
    expect(redactor.longest).toBe(130_000);
  });

  test("stay known while a long session learns many more", () => {
    const redactor = new Redactor();
    for (let n = 0; n < 1_000; n++) redactor.addSecrets(`refresh-token-number-${n}`);
    expect(redactor.redactSecrets("refresh-token-number-999 refresh-token-number-900")).toBe("[redacted] [redacted]");
  });

  test("that are used again do not grow old", () => {
    const redactor = new Redactor();
    for (let n = 0; n < 1_000; n++) redactor.addSecrets("the-access-token-in-use", `other-secret-${n}`);
    expect(redactor.redactSecrets("the-access-token-in-use")).toBe("[redacted]");
  });

  test("are masked in other capitals, in base64 and in a percent-encoding of it, wherever they begin", () => {
    const secret = "rt_Kx7VnRw2LtYb5Hd9Fs3Gm6Jc1PeQ";
    const redactor = new Redactor();
    redactor.addSecrets(secret);
    for (const text of [secret.toLowerCase(), secret.toUpperCase()]) {
      expect(redactor.redactSecrets(`It is ${text}.`)).toBe("It is [redacted].");
    }
    for (const before of ["", "u", "us", "user:", '{"a":1,"token":"']) {
      const whole = Buffer.from(`${before}${secret}"}`);
      for (const encoded of [
        whole.toString("base64"),
        whole.toString("base64url"),
        whole.toString("base64").toLowerCase(),
      ]) {
        const clean = redactor.redactSecrets(`It is ${encoded}.`);
        expect(clean).toContain("[redacted]");
        // What is left is of the text around it, but for a character that both share on either side.
        expect(clean.length).toBeLessThan(`It is [redacted].`.length + Math.ceil((before.length + 2) * 1.4) + 5);
      }
    }
  });

  test("fold no character so that a mask would be misplaced", () => {
    const redactor = new Redactor();
    redactor.addSecrets("opaque-secret-1");
    expect(redactor.redactSecrets("\u0130\u0130 Opaque-Secret-1 \u1e9e")).toBe("\u0130\u0130 [redacted] \u1e9e");
  });

  test.each(["password", "administrator", "passwordpassword", "aaaaaaaaaaaaaaaa", "hunter-2-hunter"])(
    "that could be words are left alone in answers, but masked in logs and errors: %s",
    (word) => {
      const redactor = new Redactor();
      redactor.addSecrets(word);
      expect(redactor.redactSecrets(`The ${word} is weak`)).toBe(`The ${word} is weak`);
      expect(redactor.redactAll(`The ${word} is weak`)).toBe("The [redacted] is weak");
    },
  );

  test("blank out no word of an answer that they have in them", () => {
    const redactor = new Redactor();
    redactor.addSecrets("Administrator-of-2026!");
    expect(redactor.redactSecrets("An administrator may")).toBe("An administrator may");
    expect(redactor.redactSecrets("It is administrator-of-2026!")).toBe("It is [redacted]");
  });

  test("that are too short to be secrets do not blank out words", () => {
    const redactor = new Redactor();
    redactor.addSecrets("", "plus", "a");
    expect(redactor.redactAll("a plus plan")).toBe("a plus plan");
  });

  test("never survive, wherever they stand", () => {
    const secret = fc.string({ minLength: 8, maxLength: 60 });
    fc.assert(
      fc.property(secret, fc.string(), fc.string(), (value, before, after) => {
        const redactor = new Redactor();
        redactor.addSecrets(value);
        const clean = redactor.redactAll(`${before}${value}${after}`);
        // Only the mask itself may hold the value.
        expect(clean.replaceAll("[redacted]", "").includes(value)).toBe(false);
      }),
    );
  });
});

describe("shapes of secrets, in logs and errors", () => {
  const redactor = new Redactor();

  test.each([
    [`token ${jwt} end`, "token [redacted] end"],
    [`cut ${jwt.slice(0, 20)}`, "cut [redacted]"],
    ["rt_abcdef123.456-x", "[redacted]"],
    ["got ac_0123456789", "got [redacted]"],
    ["key sk-proj-abcdef12", "key [redacted]"],
    [`Authorization: bearer  abc.def+/=`, "Authorization: [redacted]"],
    ["GET /cb?code=abc&state=xyz HTTP/1.1", "GET /cb?[redacted]&[redacted] HTTP/1.1"],
    ['{"x":"refresh_token=abc"}', '{"x":"[redacted]"}'],
    ["Code_Verifier=abc RT_ABCDEF123", "[redacted] [redacted]"],
    ["code_verifier=abc grant_type=x", "[redacted] grant_type=x"],
  ])("masks %j", (text, clean) => {
    expect(redactor.redactAll(text)).toBe(clean);
  });

  test("are left alone in answers, which may rightly speak of them", () => {
    const answer = `Decode eyJhbGciOiJSUzI1NiJ9 and send Bearer abcdefgh with state=xyz`;
    expect(redactor.redactSecrets(answer)).toBe(answer);
  });

  test("cost time in proportion to the text, also a hostile one", () => {
    const hostile = ["eyJ", "rt_", "Bearer ", "code=", "sk-", "eyJaaaaaaaa."].map((piece) =>
      piece.repeat(200_000 / piece.length),
    );
    for (const text of hostile) expect(redactor.redactAll(text).length).toBeLessThanOrEqual(text.length);
  }, 10_000);
});

describe("who is signed in", () => {
  const redactor = new Redactor();
  redactor.addPerson({
    email: "jane.doe@example.com",
    accountId: "8f14e45f-ceea-467f-9d2c-0a1b2c3d4e5f",
  });
  const text = "jane.doe@example.com has 8f14e45f-ceea-467f-9d2c-0a1b2c3d4e5f, cut: 8f14e45f-ceea";

  test("is masked in logs and errors, but for the host of the address", () => {
    expect(redactor.redactAll(text)).toBe("[redacted] has [redacted], cut: [redacted]");
    expect(redactor.redactAll("proxy.example.com refused")).toBe("proxy.example.com refused");
  });

  test("is left alone in answers", () => {
    expect(redactor.redactSecrets(text)).toBe(text);
  });
});
