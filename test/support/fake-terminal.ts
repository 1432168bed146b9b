import { PassThrough } from "node:stream";
import type { Terminal } from "../../src/cli/terminal/terminal.ts";

export interface FakeTerminal extends Terminal {
  stdin: PassThrough;
  /** The output so far. */
  out: () => string;
  err: () => string;
}

/** Three pipes instead of a terminal, unless `facts` overrides that. */
export function fakeTerminal(facts: Partial<Terminal> = {}): FakeTerminal {
  const written = { stdout: "", stderr: "" };
  const stream = (name: keyof typeof written): PassThrough =>
    new PassThrough({ encoding: "utf8" }).on("data", (text: string) => (written[name] += text));
  return {
    stdout: stream("stdout"),
    stderr: stream("stderr"),
    stdinIsTty: false,
    stdoutIsTty: false,
    stderrIsTty: false,
    columns: () => 80,
    colors: false,
    canRewriteLine: false,
    ...facts,
    stdin: new PassThrough(),
    out: () => written.stdout,
    err: () => written.stderr,
  };
}
