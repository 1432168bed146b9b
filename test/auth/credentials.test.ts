import { expect, test } from "vitest";
import { writeLogin } from "../support/home.ts";
import { modeRig, neverAborted, writePreference, writeCodexCliLogin } from "../support/modes.ts";
import { failure } from "../support/replies.ts";
import { retry } from "../../src/shared/next-step.ts";

test("CODEX_AUTH beats the stored choice, the choice beats the usual way", async () => {
  const { simulator, home, parts, another, key } = await modeRig();
  writeCodexCliLogin(home, simulator);
  expect((await parts.credentials.current()).kind).toBe("chatgpt");
  writePreference(home, "codex-cli");
  expect((await parts.credentials.get(neverAborted)).kind).toBe("codex-cli");
  const byKey = another({ env: { CODEX_AUTH: "api-key" } });
  expect(await byKey.credentials.get(neverAborted)).toMatchObject({ kind: "api-key", secret: key });
  const own = another({ env: { CODEX_AUTH: "chatgpt" } });
  expect((await failure(own.credentials.get(neverAborted))).code).toBe("AUTH_REQUIRED");
  expect(home.record()).toEqual({ version: 1, mode: "codex-cli", generation: 1 });
});

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

test("a refused login is not replaced by another way that was chosen meanwhile", async () => {
  const { simulator, home, parts } = await modeRig();
  const login = writeLogin(home, simulator);
  await parts.client.query({ prompt: "hi" });
  simulator.revokeAccess(login.accessToken);
  simulator.next("responses", {
    kind: "default",
    adapt: (reply) => {
      writePreference(home, "api-key");
      return reply;
    },
  });
  const error = await failure(parts.client.query({ prompt: "hi" }));
  expect(error).toMatchObject({
    code: "AUTH_EXPIRED",
    next: [retry],
  });
  expect(simulator.requests.filter(({ route }) => route === "key-responses")).toEqual([]);
});

test.each([true, false])("an account with the claim (%s) says so, and only that one", async (fedramp) => {
  const { simulator, home, parts } = await modeRig({
    simulatorOptions: { account: { fedramp } },
  });
  writeLogin(home, simulator);
  await parts.client.query({ prompt: "hi" });
  const values = simulator.requests.map(({ headers }) => headers["x-openai-fedramp"]);
  expect(new Set(values)).toEqual(new Set([fedramp ? "true" : undefined]));
  writeCodexCliLogin(home, simulator);
  writePreference(home, "codex-cli");
  expect((await parts.client.query({ prompt: "hi" })).mode).toBe("codex-cli");
});
