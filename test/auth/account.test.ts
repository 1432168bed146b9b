import { expect, test } from "vitest";
import { writeLogin } from "../support/home.ts";
import { modeRig, writePreference, writeCodexCliLogin } from "../support/modes.ts";

test("a choice of another window counts at the next question, and its footer says who answers now", async () => {
  const { simulator, home, parts } = await modeRig();
  writeLogin(home, simulator);
  const ask = () => parts.client.query({ prompt: "hi", model: "gpt-5.5" });
  expect(await ask()).toMatchObject({ mode: "chatgpt", notices: [] });
  writePreference(home, "api-key");
  expect((await ask()).notices).toEqual([
    "another account answered than before: the API key (before: c***@example.test)",
  ]);
  expect((await ask()).notices).toEqual([]);
  simulator.account = { ...simulator.account, accountId: "other", email: "other@example.test" };
  writeCodexCliLogin(home, simulator);
  writePreference(home, "codex-cli");
  expect((await ask()).notices).toEqual([
    "another account answered than before: o***@example.test by the Codex CLI's login (before: the API key)",
  ]);
});

test("the same account by another way is not called another account", async () => {
  const { simulator, home, parts } = await modeRig();
  writeLogin(home, simulator);
  const ask = () => parts.client.query({ prompt: "hi" });
  await ask();
  writeCodexCliLogin(home, simulator);
  writePreference(home, "codex-cli");
  expect(await ask()).toMatchObject({ mode: "codex-cli", notices: [] });
});
