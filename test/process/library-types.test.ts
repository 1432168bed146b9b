import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { root } from "../support/documents.ts";

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
  }
}
`;

test.each([
  ["node16", "use.mts"],
  ["node16", "use.cts"],
  ["bundler", "use.mts"],
])("the types compile, libraries included, for a program with %s resolution: %s", (how, name) => {
  const folder = mkdtempSync(join(tmpdir(), "codex-oauth-types-"));
  onTestFinished(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  mkdirSync(join(folder, "node_modules"));
  symlinkSync(root, join(folder, "node_modules/codex-oauth-mcp"), "dir");
  symlinkSync(join(root, "node_modules/@types"), join(folder, "node_modules/@types"), "dir");
  writeFileSync(join(folder, name), program);
  const compile = [join(root, "node_modules/typescript/bin/tsc"), "--noEmit", "--strict"];
  const target = ["--target", "es2022", "--types", "node", "--moduleResolution", how];
  const modules = ["--module", how === "node16" ? "node16" : "esnext"];
  const args = [...compile, ...target, ...modules, name];
  const { status, stdout } = spawnSync(process.execPath, args, { cwd: folder, encoding: "utf8" });
  expect(stdout).toBe("");
  expect(status).toBe(0);
});
