import { describe, expect, test } from "vitest";
import { PlainTextStream, terminalText } from "../../../src/cli/terminal/plain-text-stream.ts";
import { fc } from "../../support/chance.ts";

/** Redacts these, like a `Redactor`. */
function knowing(...secrets: string[]) {
  return {
    redactSecrets: (text: string) => secrets.reduce((clean, secret) => clean.replaceAll(secret, "[redacted]"), text),
    longest: Math.max(0, ...secrets.map(({ length }) => length)),
  };
}

function through(pieces: readonly string[], secrets = knowing()): string[] {
  const stream = new PlainTextStream(secrets);
  return [...pieces.map((piece) => stream.push(piece)), stream.end()];
}

/** Splits the text at the given places. */
function cut(text: string, places: readonly number[]): string[] {
  const ends = [...new Set(places.map((place) => place % (text.length + 1)))].sort((a, b) => a - b);
  return [...ends, text.length].map((end, n) => text.slice(n === 0 ? 0 : ends[n - 1], end));
}

const parts = fc.constantFrom(
  ...["a", " ", "word", "\u001b", "[", "31", "m", "]", "0;title", "\u0007", "\\", "\r", "\n"],
  ...["\u009d", "\u0090", "\u009c", "P", "(", "\u202e"],
  ...["\u009b", "\u0000", "\ud83d", "\ude00", "字", "\u2028", "\u001b[1;31m", "\u001b]8;;x\u001b\\"],
);

test("however a text is cut, the same is shown as of the whole", () => {
  const texts = fc.array(parts, { maxLength: 40 }).map((list) => list.join(""));
  fc.assert(
    fc.property(texts, fc.array(fc.nat(200), { maxLength: 12 }), (text, places) => {
      expect(through(cut(text, places)).join("")).toBe(terminalText(text));
    }),
    { numRuns: 2_000 },
  );
});

describe("what is held back", () => {
  test("a word is shown once it has ended, a script without blanks at once", () => {
    expect(through(["Use a lo", "ck now"])).toEqual(["Use a ", "lock ", "now"]);
    expect(through(["使用锁", "。"])).toEqual(["使用锁", "。", ""]);
  });

  test("a secret that comes in halves is masked whole", () => {
    const secrets = knowing("at_1234.5678");
    expect(through(["It is at_12", "34.56", "78, says"], secrets).join("")).toBe("It is [redacted], says");
  });

  test.each([
    ["of 5,003 characters", "at_", "", 5_003],
    ["of 100,000 characters", "at_", "", 100_000],
    ["with every character that a token may have", "at_!#$%&'()*,:;<>?@[]^`{|}~+/=.-", "", 5_003],
    ["after a word without an end", "at_", "x".repeat(30_000), 5_003],
  ])("a secret %s comes through in no pieces", (_, beginning, before, length) => {
    const secret = beginning + "0123456789".repeat(10_000).slice(beginning.length, length);
    const text = `It is ${before}${secret}${before} indeed`;
    const places = Array.from({ length: Math.ceil(text.length / 100) }, (_, n) => n * 100);
    expect(through(cut(text, places), knowing(secret)).join("")).toBe(`It is ${before}[redacted]${before} indeed`);
  });

  test("a line end that comes in halves is one, after a long word, too", () => {
    const word = "x".repeat(8_192);
    expect(through([word, "\r", "\n", "next"]).join("")).toBe(`${word}\nnext`);
  });

  test("no word and no sequence without an end keeps an answer back", () => {
    for (const [beginning, shown] of [
      ["", ""],
      ["\u001b]0;", "]0;"],
    ] as const) {
      const [first = "", ...rest] = through([beginning + "x".repeat(50_000), "more"]);
      expect(first.length).toBeGreaterThan(40_000);
      expect(first + rest.join("")).toBe(`${shown}${"x".repeat(50_000)}more`);
    }
  });
});
