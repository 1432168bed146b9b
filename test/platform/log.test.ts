import { execFileSync } from "node:child_process";
import {
  chownSync,
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { createDebugLog, silentLog } from "../../src/platform/log.ts";
import { Redactor } from "../../src/shared/redactor.ts";
import { fakeClock } from "../support/fake-clock.ts";
import { makeHome } from "../support/home.ts";

const mebibyte = 1024 * 1024;
const modeOf = (path: string) => statSync(path).mode & 0o777;

function makeLog(folder: string | undefined) {
  const stderr: string[] = [];
  const redactor = new Redactor();
  const log = createDebugLog({
    clock: fakeClock(),
    redactor,
    folder,
    writeStderr: (line) => stderr.push(line),
  });
  return { log, stderr, redactor };
}

test("writes each fact with its area and time, to stderr and to a private file", () => {
  const folder = join(makeHome().path, "not", "there", "yet");
  const { log, stderr } = makeLog(folder);
  expect(existsSync(folder), "nothing is made before there is something to say").toBe(false);
  log("HTTP", "GET /x 200 in 3 ms");
  log("TOKEN", "refreshed");
  expect(stderr).toEqual(["[HTTP] GET /x 200 in 3 ms\n", "[TOKEN] refreshed\n"]);
  const file = join(folder, "debug.log");
  expect(log.file).toBe(file);
  expect(readFileSync(file, "utf8")).toBe(
    "2026-11-20T12:00:00.000Z [HTTP] GET /x 200 in 3 ms\n2026-11-20T12:00:00.000Z [TOKEN] refreshed\n",
  );
  expect(modeOf(file)).toBe(0o600);
  expect(modeOf(folder)).toBe(0o700);
});

test("keeps one fact on one line, whatever the fact holds", () => {
  const folder = makeHome().path;
  const { log, stderr } = makeLog(folder);
  log("OAUTH", "denied\r\n[TOKEN] forged\u2028[HTTP] forged\u0085x\u001b[31m\0");
  expect(stderr).toEqual(["[OAUTH] denied [TOKEN] forged [HTTP] forged x \n"]);
  expect(readFileSync(join(folder, "debug.log"), "utf8").split("\n")).toHaveLength(2);
});

test("masks known secrets and everything that looks like one", () => {
  const folder = makeHome().path;
  const { log, stderr, redactor } = makeLog(folder);
  redactor.addSecrets("an-opaque-value");
  log("TOKEN", "an-opaque-value rt_abcdefgh");
  expect(stderr).toEqual(["[TOKEN] [redacted] [redacted]\n"]);
  expect(readFileSync(join(folder, "debug.log"), "utf8")).not.toContain("opaque");
});

test("keeps no part of a sequence that steers a terminal, nor a secret that one cuts apart", () => {
  const { log, stderr, redactor } = makeLog(undefined);
  redactor.addSecrets("first-half-second-half");
  log("TOKEN", "a \u001b[31mred\u009b0m \u202eb first-half\u001b[0m-second-half");
  expect(stderr).toEqual(["[TOKEN] a red  b [redacted]\n"]);
});

test("masks a secret that a line break was put into", () => {
  const { log, stderr, redactor } = makeLog(undefined);
  redactor.addSecrets("first-half-second-half");
  log("TOKEN", "first-half-second-half\nfirst-half-second-half");
  expect(stderr).toEqual(["[TOKEN] [redacted] [redacted]\n"]);
});

test("begins anew at 5 MB and keeps one older generation, both private", () => {
  const folder = makeHome().path;
  const file = join(folder, "debug.log");
  const { log } = makeLog(folder);
  for (const generation of ["first", "second", "third"]) {
    log("CODEX", generation);
    truncateSync(file, 5 * mebibyte + 1);
  }
  log("CODEX", "fourth");
  expect(readFileSync(file, "utf8")).toMatch(/^\S+ \[CODEX\] fourth\n$/);
  expect(readFileSync(`${file}.1`, "utf8")).toMatch(/^\S+ \[CODEX\] third\n/);
  expect(existsSync(`${file}.2`)).toBe(false);
  expect([modeOf(file), modeOf(`${file}.1`)]).toEqual([0o600, 0o600]);
});

test("stays within its bound over many lines", () => {
  const folder = makeHome().path;
  const file = join(folder, "debug.log");
  const { log } = makeLog(folder);
  const line = "x".repeat(64 * 1024);
  for (let n = 0; n < 200; n++) log("CODEX", line);
  expect(statSync(file).size + statSync(`${file}.1`).size).toBeLessThan(11 * mebibyte);
});

test("takes back rights that an older file gave to others", () => {
  const folder = makeHome().path;
  const file = join(folder, "debug.log");
  writeFileSync(file, "", { mode: 0o644 });
  makeLog(folder).log("CODEX", "x");
  expect(modeOf(file)).toBe(0o600);
});

describe.skipIf(process.platform === "win32")("what others may have put in the log's place", () => {
  const planted: [string, (file: string, notes: string) => void][] = [
    [
      "a link",
      (file, notes) => {
        symlinkSync(notes, file);
      },
    ],
    [
      "a second name of another file",
      (file, notes) => {
        linkSync(notes, file);
      },
    ],
    [
      "a FIFO",
      (file) => {
        execFileSync("mkfifo", ["-m", "666", file]);
      },
    ],
  ];
  test.each(planted)("%s gets no line, and its rights stay", (_, plant) => {
    const folder = makeHome().path;
    const [file, notes] = [join(folder, "debug.log"), join(folder, "notes")];
    writeFileSync(notes, "mine", { mode: 0o644 });
    plant(file, notes);
    const { log, stderr } = makeLog(folder);
    log("CODEX", "still said");
    expect(stderr).toEqual(["[CODEX] still said\n"]);
    expect([readFileSync(notes, "utf8"), modeOf(notes)]).toEqual(["mine", 0o644]);
  });

  // Only root can give a file away.
  test.runIf(process.getuid?.() === 0)("another user's file gets no line, and its rights stay", () => {
    const folder = makeHome().path;
    const file = join(folder, "debug.log");
    writeFileSync(file, "", { mode: 0o644 });
    chownSync(file, 1234, 1234);
    makeLog(folder).log("CODEX", "x");
    expect([readFileSync(file, "utf8"), modeOf(file)]).toEqual(["", 0o644]);
  });
});

test("never disturbs the work when the file cannot be written", () => {
  const home = makeHome();
  writeFileSync(join(home.path, "file"), "");
  mkdirSync(join(home.path, "taken", "debug.log"), { recursive: true });
  for (const folder of [join(home.path, "file", "below"), join(home.path, "taken"), undefined]) {
    const { log, stderr } = makeLog(folder);
    log("CODEX", "still said");
    expect(stderr).toEqual(["[CODEX] still said\n"]);
  }
});

test("the silent log has no file and says nothing", () => {
  silentLog("CODEX", "x");
  expect(silentLog.file).toBeUndefined();
});
