import { expect, test } from "vitest";
import { startSimulator, type Simulator } from "./index.ts";

const body = {
  model: "gpt-4.1",
  instructions: "Answer.",
  input: [{ type: "message", role: "user", content: [{ type: "input_text", text: "hi" }] }],
  stream: true,
  store: false,
};

function post(sim: Simulator, key: string | undefined, changes: object = {}): Promise<Response> {
  return fetch(`${sim.apiBaseUrl}/responses`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
    },
    body: JSON.stringify({ ...body, ...changes }),
  });
}

test("a key that was issued asks and lists; it is a secret", async () => {
  await using sim = await startSimulator();
  const key = sim.issueKey();
  expect(sim.secrets()).toContain(key);
  const answer = await post(sim, key, { temperature: 0.3, max_output_tokens: 16 });
  expect(answer.status).toBe(200);
  expect([...answer.headers.keys()].filter((name) => name.startsWith("x-codex"))).toEqual([]);
  expect(await answer.text()).toContain("The simulator received: hi");
  const list = await fetch(`${sim.apiBaseUrl}/models`, {
    headers: { authorization: `Bearer ${key}` },
  });
  expect(await list.json()).toMatchObject({
    object: "list",
    data: [{ id: "gpt-4.1" }, {}, {}, {}, {}],
  });
});

test("neither a login nor a wrong key comes in, and the words show a part of it", async () => {
  await using sim = await startSimulator();
  for (const wrong of [undefined, "sk-proj-0123456789", sim.issueTokens().accessToken]) {
    const answer = await post(sim, wrong);
    expect(answer.status).toBe(401);
    const said = await answer.text();
    if (wrong !== undefined) expect(said).toContain(wrong.slice(-4));
  }
});

test.each([
  [{ model: "gpt-0" }, 404, "model_not_found"],
  [{ model: "gpt-6-sol", temperature: 1 }, 400, "temperature"],
  [{ max_output_tokens: 15 }, 400, "max_output_tokens"],
  [{ reasoning: { effort: "low" } }, 400, "reasoning.effort"],
  [{ chat: true }, 400, "unknown_parameter"],
  [{ input: "hi" }, 400, "invalid_value"],
])("%j is refused", async (changes, status, words) => {
  await using sim = await startSimulator();
  const answer = await post(sim, sim.issueKey(), changes);
  expect(answer.status).toBe(status);
  expect(await answer.text()).toContain(words);
});
