import { describe, expect, test } from "vitest";
import { Redactor } from "../../src/shared/redactor.ts";
import { fc } from "../support/chance.ts";

const token = "at-Zq8Kx7VnRw2LtYb5Hd9Fs3Gm6Jc1PeQa4UoXiTzWvNkSyBrMhDgCfLjEpKuAt0ZxQwVnRbYtGh7";
const header = "eyJhbGciOiJSUzI1NiIsImtpZCI6IjEifQ";
const jwt = `${header}.eyJzdWIiOiJ1c2VyLTEyMzQ1In0.c2lnbmF0dXJlLW9mLXRoZS10b2tlbg`;

function knowing(...secrets: string[]): Redactor {
  const redactor = new Redactor();
  redactor.addSecrets(...secrets);
  return redactor;
}

/** All pieces of twelve characters of the secret that are in the text. */
function pieces(secret: string, text: string): string[] {
  return Array.from({ length: secret.length - 11 }, (_, at) => secret.slice(at, at + 12)).filter((piece) =>
    text.includes(piece),
  );
}

describe("a cut secret", () => {
  const redactor = knowing(token);

  test.each([
    ["at the end of a text", `It was ${token.slice(0, 69)}`, "It was [redacted]"],
    ["before a mark of the cut", `It was ${token.slice(0, 12)}…`, "It was [redacted]…"],
    ["at the beginning of a text", `${token.slice(-40)} was it`, "[redacted] was it"],
    ["at both ends", `"${token.slice(5, 60)}"`, '"[redacted]"'],
    ["within a longer word", `x${token.slice(7, 30)}y`, "x[redacted]y"],
  ])("%s is masked", (_, text, clean) => {
    expect(redactor.redactSecrets(text)).toBe(clean);
  });

  test("shows no piece of twelve characters, wherever it is cut and whatever stands around it", () => {
    const characters = "abcdefghXY019-_.~+/=".match(/./g) ?? [];
    const secret = fc.string({
      unit: fc.constantFrom(...characters),
      minLength: 12,
      maxLength: 80,
    });
    const cut = fc.tuple(fc.nat(80), fc.nat(80));
    fc.assert(
      fc.property(
        fc.array(secret, { minLength: 1, maxLength: 3 }),
        fc.array(fc.tuple(fc.nat(2), cut, fc.string({ unit: fc.constantFrom(" ", "b", "…") }))),
        (secrets, parts) => {
          const text = parts.map(([n, [from, to], after]) => `${(secrets[n] ?? "").slice(from, to)}${after}`).join("");
          const known = knowing(...secrets);
          for (const one of secrets) {
            expect(pieces(one, known.redactAll(text))).toEqual([]);
            // An answer may have words, and what repeats few characters.
            if (new Set(one.toLowerCase()).size < 12) continue;
            expect(pieces(one, known.redactSecrets(text)).filter((piece) => !/^[a-h]+$/.test(piece))).toEqual([]);
          }
        },
      ),
      { numRuns: 1_000 },
    );
  });

  test("is masked as well once many other secrets are known", () => {
    const many = knowing(...Array.from({ length: 1_000 }, (_, n) => `${n}-refresh-token-${n}-end`));
    expect(many.redactSecrets("cut: 999-refresh-token-9")).toBe("cut: [redacted]");
  });
});

test("header and claims of a token are no secret: answers about tokens show the like", () => {
  const redactor = knowing(jwt);
  expect(redactor.redactSecrets(`The header ${header} says RS256.`)).toBe(`The header ${header} says RS256.`);
  const claims = jwt.split(".")[1] ?? "";
  expect(redactor.redactSecrets(`Claims: ${claims}`)).toBe(`Claims: ${claims}`);
  expect(redactor.redactSecrets(`It is ${jwt.slice(0, -10)}`)).toBe(`It is ${header}.${claims}.[redacted]`);
  expect(redactor.redactSecrets(`It is ${jwt}`)).toBe("It is [redacted]");
});

test("fewer than twelve characters of a secret are none: words are not blanked out", () => {
  const redactor = knowing(token);
  expect(redactor.redactSecrets(`${token.slice(0, 11)} ${token.slice(-11)}`)).toBe(
    `${token.slice(0, 11)} ${token.slice(-11)}`,
  );
});

test("the search costs time in proportion to the text, also in one that is a single word", () => {
  const text = token.slice(0, 11).repeat(100_000);
  expect(knowing(token).redactSecrets(text).length).toBeLessThanOrEqual(text.length);
}, 10_000);
