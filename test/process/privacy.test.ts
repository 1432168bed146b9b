import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { makeHome, writeLogin } from "../support/home.ts";
import { simulate, startServer } from "../support/server.ts";

const question = "CANARY-QUESTION why is the violet cursor stale?";

test("a question and its answer are stored nowhere, not even in the debug log", async () => {
  const simulator = await simulate();
  const home = makeHome();
  writeLogin(home, simulator);
  const { call, transport, stop } = await startServer({ simulator, home });
  const answer = await call("codex_query", { prompt: question, system_prompt: "CANARY-SYSTEM" });
  expect(answer.text).toContain(question);
  simulator.next("responses", {
    kind: "json",
    status: 400,
    body: { detail: "CANARY-REFUSAL" },
  });
  const refused = await call("codex_query", { prompt: question, model: "gpt-5.5" });
  expect(refused.code).toBe("BAD_REQUEST");
  await stop();

  const files = readdirSync(home.path, { recursive: true, encoding: "utf8" })
    .map((name) => join(home.path, name))
    .filter((path) => statSync(path).isFile());
  expect(files.map((path) => path.slice(home.path.length + 1))).toContain("state/debug.log");
  const written = [transport.stderr, ...files.map((path) => path + readFileSync(path, "utf8"))];
  for (const text of written) expect(text).not.toMatch(/CANARY-|violet cursor/);
});
