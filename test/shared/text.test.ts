import { expect, test } from "vitest";
import { markedText, oneLine, plainText } from "../../src/shared/text.ts";
import { fc } from "../support/chance.ts";

const esc = "\u001b";

test.each([
  ["colours", `${esc}[31mred${esc}[0m`, "red"],
  ["a cursor move", `a${esc}[2Jb${esc}[1;1Hc`, "abc"],
  ["a title", `${esc}]0;owned\u0007text`, "text"],
  ["a title ended by ST", `${esc}]0;owned${esc}\\text`, "text"],
  ["a link", `${esc}]8;;https://evil.test${esc}\\click${esc}]8;;${esc}\\`, "click"],
  ["a two-character escape", `${esc}Mup`, "up"],
  ["NUL, BEL and backspace", "a\u0000b\u0007c\bd", "abcd"],
  ["C1 controls", "a\u0085b\u009cc\u0084d", "abcd"],
  [
    "a private sequence",
    `a${esc}P1;2|17/ab${esc}\\b${esc}^secret${esc}\\c${esc}_app${esc}\\d${esc}Xstart${esc}\\e`,
    "abcde",
  ],
  ["a choice of characters", `a${esc}(Bb${esc}7c${esc}#8d`, "abcd"],
  ["colours in the C1 form", "a\u009b31mred\u009b0mb", "aredb"],
  ["a title in the C1 form", "a\u009d0;owned\u009cb\u009d0;owned\u0007c", "abc"],
  ["a private sequence in the C1 form", `a\u0090q#0\u009cb\u0098x\u009cc\u009ex\u009cd\u009fx${esc}\\e`, "abcde"],
  ["what reverses the direction", "a\u202eb\u2066c\u2069d\u200fe\u061cf", "abcdef"],
  ["a lone surrogate", "a\ud800b", "a\ufffdb"],
])("%s does not reach the reader", (_, given, expected) => {
  expect(plainText(given)).toBe(expected);
});

test("a control of the direction is marked where the reader should see it", () => {
  expect(markedText("if (a\u202e) \u2066b\u2069 \u001b[31mc")).toBe("if (a[U+202E]) [U+2066]b[U+2069] c");
});

test("many sequences without an end cost time in proportion to the text", () => {
  for (const start of [`${esc}]`, "\u009d", `${esc}[`, "\u009b", `${esc}P`]) {
    expect(plainText(`${start}1`.repeat(100_000)).length).toBeLessThan(400_000);
  }
}, 10_000);

test("ordinary text stays as it is", () => {
  const text = "Grüße, 世界 🙂\n\tindented\r\n";
  expect(plainText(text)).toBe(text);
});

test("an escape sequence without an end takes no text with it", () => {
  expect(plainText(`before ${esc}]0; and all the rest\nof the answer`)).toBe(
    "before ]0; and all the rest\nof the answer",
  );
});

test("the separators that some readers take for line ends become line ends", () => {
  expect(plainText("a\u2028b\u2029c")).toBe("a\nb\n\nc");
});

test("what is left holds no control but tab and line ends, and is well-formed", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      const plain = plainText(text);
      // eslint-disable-next-line no-control-regex -- the point of the test
      expect(plain).not.toMatch(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/);
      expect(plain.isWellFormed()).toBe(true);
    }),
  );
});

test("one line is one line, within its length and well-formed", () => {
  expect(oneLine("  a\n b\t\u0000c  ", 80)).toBe("a b c");
  expect(oneLine("abcdef", 4)).toBe("abc…");
  expect(oneLine("ab🙂def", 4).isWellFormed()).toBe(true);
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.integer({ min: 1, max: 50 }), (text, max) => {
      const line = oneLine(text, max);
      expect(line.length).toBeLessThanOrEqual(max);
      expect(line).not.toMatch(/\n|\r/);
      expect(line.isWellFormed()).toBe(true);
    }),
  );
});
