import { describe, expect, test } from "vitest";
import { exitCodeOf, exitCodes } from "../../../src/cli/exit-codes.ts";
import { readAll } from "../../../src/cli/terminal/input.ts";
import { Spinner } from "../../../src/cli/terminal/spinner.ts";
import { fitWidth, wantsColors, redactedTerminal } from "../../../src/cli/terminal/terminal.ts";
import { Redactor } from "../../../src/shared/redactor.ts";
import { errorCodes, type CodexErrorCode } from "../../../src/shared/errors.ts";
import { fakeClock } from "../../support/fake-clock.ts";
import { fakeTerminal } from "../../support/fake-terminal.ts";
import { read } from "../../support/documents.ts";

test.each([
  [{}, true, true],
  [{}, false, false],
  [{ TERM: "dumb" }, true, false],
  [{ NO_COLOR: "1" }, true, false],
  [{ NO_COLOR: "" }, true, true],
  [{ FORCE_COLOR: "1" }, false, true],
  [{ FORCE_COLOR: "0" }, true, false],
  [{ FORCE_COLOR: "1", NO_COLOR: "1" }, false, false],
])("with %j and a terminal: %s, colours: %s", (env, isTty, colors) => {
  expect(wantsColors(env, isTty)).toBe(colors);
});

test("nothing that is written shows a known secret; what only looks like one stays", () => {
  const plain = fakeTerminal();
  const redactor = new Redactor();
  const terminal = redactedTerminal(plain, redactor);
  redactor.addSecrets("rt_a-known-secret-of-the-login");
  for (const output of [terminal.stdout, terminal.stderr]) {
    output.write("rt_a-known-secret-of-the-login is one, rt_another-word is none\n");
  }
  expect(plain.out()).toBe("[redacted] is one, rt_another-word is none\n");
  expect(plain.err()).toBe(plain.out());
});

describe("the spinner", () => {
  test("is one line that fits the terminal, at each turn anew, and clears it at the end", async () => {
    const clock = fakeClock();
    const terminal = fakeTerminal({ canRewriteLine: true, columns: () => 12 });
    const spinner = new Spinner(terminal, clock);
    let words = "thinking: 字字字字";
    spinner.show(() => words);
    expect(terminal.err()).toBe("\r\u001b[2K⠋ thinking:");
    words = "字字字字字字";
    await clock.advance(100);
    expect(terminal.err().endsWith("\u001b[2K⠙ 字字字字")).toBe(true);
    spinner.stop();
    expect(terminal.err().endsWith("\r\u001b[2K")).toBe(true);
    const before = terminal.err();
    await clock.advance(1_000);
    expect(terminal.err()).toBe(before);
    expect(clock.pending).toBe(0);
  });

  test("says nothing where there is no terminal", () => {
    const terminal = fakeTerminal();
    const spinner = new Spinner(terminal, fakeClock());
    spinner.show(() => "thinking");
    spinner.stop();
    expect(terminal.err()).toBe("");
  });
});

test("wide characters take two columns", () => {
  expect(fitWidth("a字b", 3)).toBe("a字");
  expect(fitWidth("a字b", 2)).toBe("a");
});

test("what is piped in has a limit, and is not read beyond it", async () => {
  const terminal = fakeTerminal();
  const { signal } = new AbortController();
  const reading = readAll(terminal, 10, signal);
  terminal.stdin.write("x".repeat(11));
  await expect(reading).rejects.toMatchObject({ code: "BAD_REQUEST" });
});

describe("exit codes", () => {
  test("only a login that is missing and a quota that is used up have their own", () => {
    const own = (Object.keys(errorCodes) as CodexErrorCode[])
      .map((code) => [code, exitCodeOf(code)] as const)
      .filter(([, exit]) => exit !== exitCodes.failed.code);
    expect(own).toEqual([
      ["AUTH_REQUIRED", 3],
      ["AUTH_EXPIRED", 3],
      ["USAGE_LIMIT", 4],
    ]);
  });

  test("DEPLOYMENT.md has each of them", () => {
    for (const { code, meaning } of Object.values(exitCodes)) {
      expect(read("DEPLOYMENT.md")).toContain(`| \`${code}\` | ${meaning.replaceAll("|", "\\|")} |`);
    }
  });
});
