import { join } from "node:path";
import { expect, test } from "vitest";
import { invocation, runProgram } from "../../src/platform/programs.ts";
import { makeHome } from "../support/home.ts";

const systemRoot = join("C:", "Windows");
const never = { signal: new AbortController().signal, systemRoot };

test("its words, its exit code and each argument as it is", async () => {
  const script = "console.log(JSON.stringify(process.argv.slice(1))); process.exitCode = 3";
  const args = ["a b", '"', "$HOME", "%PATH%", ""];
  const { code, stdout } = await runProgram(process.execPath, ["-e", script, ...args], never);
  expect({ code, args: JSON.parse(stdout) as string[] }).toEqual({ code: 3, args });
});

test("the signal ends it", async () => {
  const aborter = new AbortController();
  const running = runProgram(process.execPath, ["-e", "setInterval(() => 0, 1e6)"], {
    ...never,
    signal: aborter.signal,
  });
  aborter.abort(new Error("enough"));
  await expect(running).rejects.toThrow("enough");
});

test("what cannot be started fails with the system's reason", async () => {
  const running = runProgram(join(makeHome().path, "nothing"), [], never);
  await expect(running).rejects.toMatchObject({ code: "ENOENT" });
});

test("a .cmd of Windows goes through the system's own interpreter, each word quoted", () => {
  expect(invocation("C:\\npm\\claude.cmd", ["plugin", "C:\\my & co"], systemRoot)).toEqual({
    command: join(systemRoot, "System32", "cmd.exe"),
    rawArgs: ["/d", "/v:off", "/s", "/c", '""C:\\npm\\claude.cmd" "plugin" "C:\\my & co""'],
    verbatim: true,
  });
  expect(() => invocation("claude.cmd", ["%PATH%"], systemRoot)).toThrow("%PATH%");
  expect(() => invocation("claude.cmd", ['"&calc"'], systemRoot)).toThrow("calc");
});
