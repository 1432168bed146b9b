import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { answerEvents } from "../simulator/index.ts";
import { makeHome, writeLogin } from "../support/home.ts";
import { RawClient } from "../support/raw-client.ts";
import { simulate, startProcess } from "../support/server.ts";

const mebibyte = 1024 * 1024;

async function start() {
  const simulator = await simulate();
  const home = makeHome();
  writeLogin(home, simulator);
  // A small nursery: what is counted is what is kept, not what waits to be collected.
  const env = { CODEX_DEBUG: "", NODE_OPTIONS: "--max-semi-space-size=1" };
  const transport = startProcess({ simulator, home, entry: "shipped", env });
  const client = new RawClient(transport);
  await client.initialize();
  return { simulator, transport, client, pid: transport.child.pid ?? 0 };
}

/** What the process holds now and at its highest, in bytes. */
function memory(pid: number, field: "VmRSS" | "VmHWM"): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return Number(new RegExp(`${field}:\\s+(\\d+) kB`).exec(status)?.[1]) * 1024;
}

const openFiles = (pid: number): number => readdirSync(`/proc/${pid}/fd`).length;

test("a thousand calls leave memory and open files as they were", async () => {
  const { simulator, client, pid } = await start();
  const round = async (calls: number): Promise<void> => {
    for (let n = 0; n < calls; n += 20) {
      const answers = await Promise.all([
        ...Array.from({ length: 10 }, () => client.call("codex_query", { prompt: "hi" })),
        ...Array.from({ length: 5 }, () => client.call("codex_status")),
        ...Array.from({ length: 5 }, () => client.call("codex_query", { prompt: "" })),
      ]);
      for (const { result } of answers.slice(0, 15)) expect(result?.isError).toBeUndefined();
      simulator.reset();
    }
  };
  await round(300);
  const before = { rss: memory(pid, "VmRSS"), files: openFiles(pid) };
  await round(1_000);
  expect(openFiles(pid) - before.files).toBeLessThan(10);
  expect(memory(pid, "VmRSS") - before.rss).toBeLessThan(50 * mebibyte);
});

test("answers wait whole for a reader that pauses, in bounded memory", async () => {
  const { simulator, transport, client, pid } = await start();
  const text = "lorem ipsum ".repeat(37_000); // nearly as long as an answer is handed on
  simulator.always("responses", { kind: "stream", events: answerEvents({ text, deltas: 64 }) });
  await client.call("codex_query", { prompt: "the model list is known from now on" });
  transport.child.stdout.pause();
  const ids = Array.from({ length: 25 }, (_, n) => `call ${n}`);
  for (const id of ids) {
    const params = { name: "codex_query", arguments: { prompt: "hi" } };
    client.send({ jsonrpc: "2.0", id, method: "tools/call", params });
  }
  await simulator.waitForRequest("responses", ids.length + 1);
  await Promise.all(simulator.requests.map(({ done }) => done));
  transport.child.stdout.resume();
  for (const id of ids) {
    const { result } = await client.answer(id);
    expect(result?.content?.[0]?.text.startsWith(`Codex answers:\n\n${text.trimEnd()}`)).toBe(true);
    expect(client.count(id)).toBe(1);
  }
  expect(memory(pid, "VmHWM")).toBeLessThan(400 * mebibyte);
});
