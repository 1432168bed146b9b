import { writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { claudeHost, tool } from "./rig/host.ts";

test("x", async () => {
  const host = await claudeHost();
  host.model.plan(
    { calls: [{ name: tool("codex_status"), input: {} }] },
    { calls: [{ name: tool("codex_query"), input: { prompt: "hi" } }] },
    { text: "OK" },
  );
  const t = Date.now();
  const outcome = await host.ask("/codex-oauth:codex what's up?");
  console.log(Date.now() - t, outcome.stderr, JSON.stringify(outcome.events[0]).slice(0, 3000));
  writeFileSync("/tmp/cl-req.json", JSON.stringify(host.model.requests, null, 1));
  console.log(outcome.result, outcome.denials);
  expect(outcome.code).toBe(0);
});
