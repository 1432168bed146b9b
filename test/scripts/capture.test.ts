import { expect, test } from "vitest";
import { screenOf } from "../../scripts/capture/screen.ts";
import { toSvg } from "../../scripts/capture/svg.ts";
import { withRendition } from "../../scripts/capture/style.ts";

const esc = "\u001b";
const shown = (output: string, columns = 20): string[] =>
  screenOf(output, columns).map((line) => line.map(({ text }) => text).join(""));

test.each<[string, string, string[]]>([
  ["lines", "one\r\ntwo\r\n", ["one", "two"]],
  ["a return writes over", "waiting\rdone", ["doneing"]],
  ["a cleared line", `⠋ waiting\r${esc}[2Kdone`, ["done"]],
  ["the rest of a line cleared", `waiting\r${esc}[Kok`, ["ok"]],
  ["a tab", "a\tb", ["a       b"]],
  ["a line that is too long goes on below", "x".repeat(25), ["x".repeat(20), "xxxxx"]],
  ["wide characters take two columns", "汉".repeat(11), ["汉".repeat(10), "汉"]],
  ["titles and hyperlinks show nothing", `${esc}]0;title\u0007a${esc}]8;;x${esc}\\b`, ["ab"]],
  ["other sequences show nothing", `${esc}[?25l${esc}(Ba${esc}[2J`, ["a"]],
])("a screen: %s", (_, output, lines) => {
  expect(shown(output)).toEqual(lines);
});

test.each([
  [[1, 31], { bold: true, color: "#f0717b" }],
  [[97, 100], { color: "#ffffff", background: "#6b7482" }],
  [[38, 5, 196], { color: "rgb(255,0,0)" }],
  [[48, 5, 244], { background: "rgb(128,128,128)" }],
  [[38, 2, 1, 2, 3, 4], { color: "rgb(1,2,3)", underline: true }],
  [[1, 2, 22, 3], { italic: true }],
  [[31, 39], {}],
  [[7, 0], {}],
])("rendition %j is %j", (numbers, style) => {
  expect(withRendition({}, numbers)).toEqual(style);
});

test("the picture escapes what it shows, and keeps its columns and styles", () => {
  const lines = screenOf(`ab ${esc}[2m<b>&"${esc}[22m`, 80);
  const svg = toSvg({ lines, columns: 80, title: "a < b" });
  expect(svg).toContain('aria-label="a &#60; b"');
  expect(svg).toContain('opacity=".6">&#60;b&#62;&#38;&#34;</text>');
  expect(svg).toContain('<text x="45.2" y="55" textLength="42"');
  expect(svg).not.toContain("<b>");
});

test("a background and an inverse are painted", () => {
  const lines = screenOf(`${esc}[44mx${esc}[0m${esc}[7my${esc}[0m`, 80);
  const svg = toSvg({ lines, columns: 80, title: "t" });
  expect(svg.match(/<rect x="[\d.]+" y="40"/g)).toHaveLength(2);
});
