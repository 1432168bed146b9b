import { chownSync, existsSync, lchownSync, mkdirSync, readdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { createDebugLog } from "../../../src/platform/log.ts";
import { foreignFolder } from "../../../src/platform/files/folder-owner.ts";
import { Redactor } from "../../../src/shared/redactor.ts";
import { fakeClock } from "../../support/fake-clock.ts";
import { makeHome } from "../../support/home.ts";
import { stateFolder } from "../../support/state.ts";

const nobody = 65_534;

test("a folder of one's own, by a link of one's own, or none yet, is no other user's", () => {
  const { path } = makeHome();
  mkdirSync(join(path, "own"));
  symlinkSync(join(path, "own"), join(path, "link"));
  for (const name of ["own", "link", "missing", "link/missing/deeper"]) {
    expect(foreignFolder(join(path, name)), name).toBeUndefined();
  }
});

// Only root can give a folder away.
describe.runIf(process.getuid?.() === 0)("another user's folder", () => {
  const cases: [string, (path: string) => string, RegExp][] = [
    [
      "itself",
      (path) => {
        mkdirSync(join(path, "theirs"));
        chownSync(join(path, "theirs"), nobody, nobody);
        return join(path, "theirs");
      },
      /theirs belongs to another user \(uid 65534\)/,
    ],
    [
      "behind a link of one's own",
      (path) => {
        mkdirSync(join(path, "theirs"));
        chownSync(join(path, "theirs"), nobody, nobody);
        symlinkSync(join(path, "theirs"), join(path, "link"));
        return join(path, "link");
      },
      /link belongs to another user/,
    ],
    [
      "as a link to one of one's own",
      (path) => {
        mkdirSync(join(path, "own"));
        symlinkSync(join(path, "own"), join(path, "trap"));
        lchownSync(join(path, "trap"), nobody, nobody);
        return join(path, "trap");
      },
      /trap is a link of another user/,
    ],
    [
      "as a link on the way",
      (path) => {
        mkdirSync(join(path, "own/state"), { recursive: true });
        symlinkSync(join(path, "own"), join(path, "trap"));
        lchownSync(join(path, "trap"), nobody, nobody);
        return join(path, "trap/state");
      },
      /trap is a link of another user/,
    ],
  ];

  test.each(cases)("%s is refused: nothing is read or written there", async (_, make, words) => {
    const folder = make(makeHome().path);
    expect(foreignFolder(folder)).toMatch(words);
    const state = stateFolder(folder);
    expect(await state.write("x.json", { x: 1 })).toBe(false);
    expect(await state.read("x.json")).toBeUndefined();
    const lines: string[] = [];
    const writeStderr = (line: string) => lines.push(line);
    const log = createDebugLog({
      clock: fakeClock(),
      redactor: new Redactor(),
      folder,
      writeStderr,
    });
    log("HTTP", "said");
    expect(lines).toEqual(["[HTTP] said\n"]);
    expect(existsSync(folder) && readdirSync(folder)).toEqual([]);
  });
});
