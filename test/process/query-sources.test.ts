import { expect, test } from "vitest";
import { runCli } from "../support/cli.ts";
import { makeHome, writeLogin } from "../support/home.ts";
import { startInTerminal } from "../support/pty.ts";
import { completed, delta, stream } from "../support/replies.ts";
import { simulate, startServer } from "../support/server.ts";

const text = "Use a lock.";
const annotations = [{ type: "url_citation", url: "https://a.test/lock", title: "Locks" }];
const content = [{ type: "output_text", text, annotations }];
const item = { type: "message", id: "msg_0", role: "assistant", content };
const done = { type: "response.output_item.done", output_index: 0, item };
const cited = stream(delta(text), done, completed());
const shown = `${text}\n\nSources:\n- Locks: https://a.test/lock\n`;

test("the sources of an answer stand below it, for a host, in a pipe and on a terminal", async () => {
  const simulator = await simulate();
  const home = makeHome();
  writeLogin(home, simulator);
  simulator.always("responses", cited);
  const { call } = await startServer({ simulator, home });
  const { text: answer } = await call("codex_query", { prompt: "hi" });
  expect(answer.startsWith(`${shown}\n— `)).toBe(true);
  expect((await runCli({ simulator, home, args: ["query", "hi"] })).stdout).toBe(shown);
  const run = startInTerminal({ simulator, home, args: ["query", "hi"], columns: 60 });
  expect(await run.ended).toBe(0);
  expect(run.screen().replaceAll("\r", "")).toContain(shown);
});

test("for programs the sources stand beside the answer", async () => {
  const simulator = await simulate();
  const home = makeHome();
  writeLogin(home, simulator);
  simulator.next("responses", cited);
  const { stdout } = await runCli({ simulator, home, args: ["query", "--json", "hi"] });
  const sources = [{ url: "https://a.test/lock", title: "Locks" }];
  expect(JSON.parse(stdout)).toMatchObject({ text, sources });
});
