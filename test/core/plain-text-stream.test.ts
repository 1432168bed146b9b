import { describe, expect, test } from "vitest";
import { PlainTextStream, terminalText } from "../../src/core/plain-text-stream.ts";
import { fc } from "../support/chance.ts";

const unmasked = (text: string): string => text;

function through(pieces: readonly string[], mask = unmasked): string[] {
  const stream = new PlainTextStream(mask);
  return [...pieces.map((piece) => stream.push(piece)), stream.end()];
}

/** Cut at the given places. */
function cut(text: string, places: readonly number[]): string[] {
  const ends = [...new Set(places.map((place) => place % (text.length + 1)))].sort((a, b) => a - b);
  return [...ends, text.length].map((end, n) => text.slice(n === 0 ? 0 : ends[n - 1], end));
}

const parts = fc.constantFrom(
  ...["a", " ", "word", "\u001b", "[", "31", "m", "]", "0;title", "\u0007", "\\", "\r", "\n"],
  ...[
    "\u009b",
    "\u0000",
    "\ud83d",
    "\ude00",
    "字",
    "\u2028",
    "\u001b[1;31m",
    "\u001b]8;;x\u001b\\",
  ],
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
    const mask = (text: string): string => text.replaceAll("at_1234.5678", "[redacted]");
    expect(through(["It is at_12", "34.56", "78, says"], mask).join("")).toBe(
      "It is [redacted], says",
    );
  });

  test("no sequence without an end keeps an answer back", () => {
    const [first = ""] = through([`\u001b]0;${"x".repeat(5_000)}`, "more"]);
    expect(first).toHaveLength(5_000 + 3);
  });
});
