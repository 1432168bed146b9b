import { spawn, type ChildProcessByStdio } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { expect, onTestFinished, test } from "vitest";
import { tools } from "../../src/mcp/toolbox.ts";
import { cliEnvironment, expectNothingSecret } from "../support/cli.ts";
import { codeBlocks, read, root } from "../support/documents.ts";
import { makeHome } from "../support/home.ts";
import { simulate } from "../support/server.ts";

interface Run {
  child: ChildProcessByStdio<null, Readable, Readable>;
  /** Everything that was written so far, stdout and stderr as a terminal shows them. */
  output: () => string;
  /** Resolves when the program and everything that it has started are gone. */
  over: Promise<number | null>;
  home: string;
  temporary: string;
}

/** Run a program as a newcomer has it: an empty home, no setting of ours, a temporary folder. */
function run(command: string, args: string[], shell: boolean): Run {
  const folder = mkdtempSync(join(tmpdir(), "codex-oauth-readme-"));
  onTestFinished(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  const [home, temporary] = [join(folder, "home"), join(folder, "tmp")];
  mkdirSync(home);
  mkdirSync(temporary);
  const env = {
    PATH: process.env["PATH"] ?? "",
    HOME: home,
    TMPDIR: temporary,
    npm_config_update_notifier: "false", // it would ask the network
  };
  const child = spawn(command, args, { cwd: root, env, shell, stdio: ["ignore", "pipe", "pipe"] });
  let text = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (piece: string) => (text += piece));
  }
  // "close" waits for every process that has inherited the pipes, not only for the first one.
  const over = new Promise<number | null>((resolve) => child.once("close", resolve));
  return { child, output: () => text, over, home, temporary };
}

/** What stays behind: temporary files, and anything of ours in the home folder. */
function leftovers({ home, temporary }: Run): string[] {
  const ours = [".claude", ".codex"].filter((name) => existsSync(join(home, name)));
  return [...readdirSync(temporary), ...ours];
}

test("the README's first command asks a question as it stands there, and leaves nothing behind", async () => {
  const [block = ""] = codeBlocks(read("README.md"), "sh");
  const [first = "", second] = block.split("\n");
  expect(second).toBe("npm ci && npm test");
  const [install, question = ""] = first.split(" && ");
  expect(install).toBe("npm ci");

  const running = run(question, [], true);
  expect(await running.over).toBe(0);
  const lines = running.output().split("\n");
  const own = lines.slice(lines.findIndex((line) => line.startsWith("No login is stored here")));
  expect(own[0]).toContain("simulator on this machine (127.0.0.1)");
  expect(own[1]).toContain("npm run try -- --login");
  expect(own).toContain(`Tools: ${tools.map(({ name }) => name).join(", ")}`);

  const calls = own.filter((line) => line.startsWith("> ")).map((line) => line.split(" ")[1]);
  const way = ["codex_status", "codex_login", "codex_status", "codex_models", "codex_query"];
  expect(calls).toEqual(way);

  const asked = own.findIndex((line) => line.startsWith("> codex_query"));
  const answered = own.indexOf("Codex answers:");
  expect(own[answered + 2]).toMatch(/^PKCE protects/);
  const progress = own.slice(asked + 1, answered);
  expect(progress.every((line) => line.startsWith("  … "))).toBe(true);
  expect(progress[0]).toMatch(/waiting for Codex/);
  expect(progress.join("\n")).toMatch(/thinking/);
  expect(own.slice(answered).join("\n")).toMatch(
    /\n— from 127\.0\.0\.1:\d+, not from OpenAI · gpt-[\w.-]+ · effort \w+ · .* tokens in/,
  );
  expect(leftovers(running)).toEqual([]);
});

test("an interrupted trial stops its server and removes its folder", async () => {
  const running = run(process.execPath, ["dist/try.cjs", "Explain PKCE"], false);
  await new Promise<void>((resolve) => {
    running.child.stdout.on("data", () => {
      if (running.output().includes("> codex_query")) resolve();
    });
  });
  running.child.kill("SIGTERM");
  expect(await running.over).toBe(1);
  expect(running.output()).toContain("Interrupted.");
  expect(running.output()).not.toContain("PKCE protects");
  expect(leftovers(running)).toEqual([]);
});

test("the README's lines for the command line work in a shell as they stand there", async () => {
  const block = codeBlocks(read("README.md"), "sh").find((one) => one.includes("codex-oauth login"));
  const lines = (block ?? "").trim().split("\n");
  const simulator = await simulate();
  const home = makeHome();
  const bin = join(home.path, "bin");
  mkdirSync(bin);
  symlinkSync(join(import.meta.dirname, "../../bin/codex-oauth.mjs"), join(bin, "codex-oauth"));
  writeFileSync(join(bin, "git"), "#!/bin/sh\necho '+ changed line'\n", { mode: 0o755 });
  const env = { PATH: `${bin}:${process.env["PATH"] ?? ""}` };
  let printed = "";

  const shell = async (line: string): Promise<number | null> => {
    const options = { env: cliEnvironment({ simulator, home, args: [], env }), cwd: home.path };
    const child = spawn("/bin/sh", ["-c", line], { ...options, stdio: ["ignore", "pipe", "pipe"] });
    let text = "";
    child.stdout.setEncoding("utf8").on("data", (piece: string) => (printed += piece));
    child.stderr.setEncoding("utf8").on("data", (piece: string) => {
      text += piece;
      printed += piece;
      const [url] = /^http\S+(?=\n)/m.exec(text) ?? [];
      if (url === undefined) return;
      text = "";
      void simulator.signIn(url);
    });
    return new Promise((resolve) => child.once("close", resolve));
  };
  for (const line of lines) {
    // Signing out asks, and here nobody can answer.
    const code = await shell(line === "codex-oauth logout" ? `${line} --yes` : line);
    // What the doctor finds depends on the machine.
    expect(line === "codex-oauth doctor" ? [0, 1] : [0], `${line}\n${printed}`).toContain(code);
  }
  const asked = simulator.requests.filter(({ route }) => route === "responses");
  expect(asked).toHaveLength(2);
  expect(asked[1]?.body).toContain("Review this change:\\n\\n+ changed line");
  expect(home.record()).toBeUndefined();
  expectNothingSecret(printed, simulator, home);
});
