import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { read, readJson, root } from "../support/documents.ts";

const folder = join(root, "docs/images");
const pictures = readdirSync(folder);
const ending = (name: string): string[] => pictures.filter((one) => one.endsWith(name));

/** Width and height of a PNG, from its first chunk (ISO/IEC 15948, 11.2.2). */
function sizeOf(png: Buffer): [number, number] {
  expect(png.subarray(1, 4).toString()).toBe("PNG");
  return [png.readUInt32BE(16), png.readUInt32BE(20)];
}

describe("pictures", () => {
  test.each(ending(".png"))("%s is a PNG of less than 60 KB", (name) => {
    const png = readFileSync(join(folder, name));
    expect(sizeOf(png).every((side) => side >= 320)).toBe(true);
    expect(png.length).toBeLessThan(60_000);
  });

  test.each(ending(".svg"))("%s asks for nothing from elsewhere and runs nothing", (name) => {
    const svg = read(`docs/images/${name}`);
    expect(svg).toContain('role="img" aria-label="');
    const addresses = svg.match(/\w+:\/\/[^"]*/g);
    expect(addresses).toEqual(["http://www.w3.org/2000/svg"]);
    expect(svg).not.toMatch(/<script|href|url\(|@import|\son\w+=/);
  });

  test("the plugin's icon is a square of at least 512 points", () => {
    const { icon } = readJson(".claude-plugin/plugin.json") as { icon: string };
    const [width, height] = sizeOf(readFileSync(join(root, icon)));
    expect(width).toBe(height);
    expect(width).toBeGreaterThanOrEqual(512);
  });
});
