import { expect, test } from "vitest";
import { simModel } from "../simulator/index.ts";
import { runCli } from "../support/cli.ts";
import { makeHome, writeLogin } from "../support/home.ts";
import { startInTerminal } from "../support/pty.ts";
import { originNote, simulate, startServer } from "../support/server.ts";

const bad = "bad\u001b[31m\nslug\u009b5m";
// eslint-disable-next-line no-control-regex -- that is the point
const controls = /\u001b|\u009b/;

/** A model list whose every word may be an escape sequence. */
async function hostile() {
  const model = simModel("gpt-5.5", {
    display_name: `Name ${bad}`,
    description: `About ${bad}`,
    default_reasoning_level: bad,
    supported_reasoning_levels: [
      { effort: bad, description: bad },
      { effort: "high", description: bad },
    ],
    input_modalities: [bad],
    service_tiers: [{ id: bad, name: bad, description: bad }],
    upgrade: { model: bad, migration_markdown: bad },
  });
  const simulator = await simulate();
  simulator.switches.models = [model];
  const list = { models: [simModel(bad), model] };
  simulator.always("models", { kind: "json", body: list });
  const home = makeHome();
  writeLogin(home, simulator);
  return { simulator, home };
}

test("no escape sequence of a model list comes into a tool's result", async () => {
  const { simulator, home } = await hostile();
  const { call } = await startServer({ simulator, home });
  const query = { prompt: "hi", model: "gpt-5.5", reasoning_effort: "low" };
  const results = [
    await call("codex_query", query),
    await call("codex_models"),
    await call("codex_status", { verbose: true }),
    await call("codex_query", { prompt: "hi", model: "missing" }),
  ];
  expect(results[0]?.text).toContain("Effort low was sent as high: gpt-5.5 takes high.");
  for (const { text } of results) expect(text).not.toMatch(controls);
});

test("nor to the terminal of a person", async () => {
  const { simulator, home } = await hostile();
  const args = ["query", "-e", "low", "hi"];
  const piped = await runCli({ simulator, home, args });
  expect(piped.stderr).toBe(`note: ${originNote(simulator)}\nnote: Effort low was sent as high: gpt-5.5 takes high.\n`);
  for (const command of [["models"], ["status"], args]) {
    const run = startInTerminal({ simulator, home, args: command });
    await run.ended;
    for (const control of ["\u001b[31m", "\u009b"]) expect(run.screen()).not.toContain(control);
  }
});
