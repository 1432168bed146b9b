import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { codeBlocks, read, root } from "../support/documents.ts";

const program = `
import { createCodex, CodexError, describeNext } from "codex-oauth-mcp";
import type { ConversationItem, CredentialStore, NextStep, StreamEvent } from "codex-oauth-mcp";
export async function main(): Promise<void> {
  const codex = createCodex({ authFile: "/home/you/auth.json", callbackPorts: [1455] });
  const input: ConversationItem[] = [{ type: "message", role: "user", text: "Hi" }];
  const reply = await codex.query({ input }, { signal: AbortSignal.timeout(5) });
  input.push(...reply.items, { type: "function_call_output", callId: "x", output: "y" });
  for await (const event of codex.stream({ prompt: "Hi" })) {
    const known: StreamEvent = event;
    if (known.type === "completed") known.reply.text.trim();
    // @ts-expect-error there is no such type of event
    if (known.type === "nothing") break;
  }
  const credentials: CredentialStore = {
    load: async () => undefined,
    save: async (next, expected) => next?.version !== expected,
  };
  await createCodex({ credentials }).close();
  const thrown: unknown = undefined;
  if (thrown instanceof CodexError && thrown.code === "AUTH_REQUIRED") await codex.close();
  if (thrown instanceof CodexError) {
    const [step]: readonly NextStep[] = thrown.next;
    if (step?.do === "set-variable") step.name.trim();
    describeNext(thrown).trim();
    describeNext(thrown.next).trim();
  }
}
`;

/** Compiles a program that has the package installed; gives the compiler's words. */
function compile(name: string, source: string, resolution: string, ...more: string[]) {
  const folder = mkdtempSync(join(tmpdir(), "codex-oauth-types-"));
  onTestFinished(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  mkdirSync(join(folder, "node_modules"));
  symlinkSync(root, join(folder, "node_modules/codex-oauth-mcp"), "dir");
  symlinkSync(join(root, "node_modules/@types"), join(folder, "node_modules/@types"), "dir");
  writeFileSync(join(folder, name), source);
  const tsc = [join(root, "node_modules/typescript/bin/tsc"), "--noEmit", "--strict", "--target", "es2022"];
  const modules = ["--module", resolution === "node16" ? "node16" : "esnext", "--moduleResolution", resolution];
  const args = [...tsc, "--types", "node", ...modules, ...more, name];
  const { status, stdout } = spawnSync(process.execPath, args, { cwd: folder, encoding: "utf8" });
  return { status, stdout };
}

test.each([
  ["node16", "use.mts"],
  ["node16", "use.cts"],
  ["bundler", "use.mts"],
])("the types compile, libraries included, for a program with %s resolution: %s", (resolution, name) => {
  expect(compile(name, program, resolution)).toEqual({ status: 0, stdout: "" });
});

const reference = read("docs/library.md");

test.each(codeBlocks(reference, "js").map((block) => [block.trim().split("\n")[0] ?? "", block]))(
  "the reference's example that begins with %s compiles against the types",
  (_, block) => {
    const before = `import { createCodex, CodexError, describeNext } from "codex-oauth-mcp";
      const codex = createCodex();
      /** @type {any} */ let db;
      void [CodexError, describeNext, db];`;
    const loose = ["--allowJs", "--checkJs", "--noImplicitAny", "false"];
    // An array literal of items is a conversation only where its type is said, which JavaScript does not.
    const typed = block.replace(
      "const input = [",
      "/** @type {import('codex-oauth-mcp').ConversationItem[]} */\nconst input = [",
    );
    expect(compile("use.mjs", `${before}\n${typed}`, "node16", ...loose)).toEqual({ status: 0, stdout: "" });
  },
);

test("the README's example compiles against the types", () => {
  const [example = ""] = codeBlocks(read("README.md"), "js");
  expect(example).toContain("createCodex");
  expect(compile("use.mts", example, "node16")).toEqual({ status: 0, stdout: "" });
});
