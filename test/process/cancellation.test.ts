import { expect, test } from "vitest";
import { answerEvents } from "../simulator/index.ts";
import { makeHome, writeLogin } from "../support/home.ts";
import { RawClient } from "../support/raw-client.ts";
import { simulate, startProcess } from "../support/server.ts";

const never = new Promise<never>(() => undefined);

async function start() {
  const simulator = await simulate();
  const home = makeHome();
  writeLogin(home, simulator);
  const client = new RawClient(startProcess({ simulator, home }));
  await client.initialize();
  return { simulator, client };
}

function sendQuery(client: RawClient, id: unknown): void {
  const params = { name: "codex_query", arguments: { prompt: "hi" } };
  client.send({ jsonrpc: "2.0", id, method: "tools/call", params });
}

const cancel = (client: RawClient, requestId: unknown): void => {
  client.notify("notifications/cancelled", { requestId, reason: "user-cancel" });
};

test("a call that is cancelled mid-stream frees its connection and is never answered", async () => {
  const { simulator, client } = await start();
  const [first, ...rest] = answerEvents({ text: "never seen" });
  simulator.next("responses", { kind: "stream", events: [first, ...rest.slice(0, 4), never] });
  sendQuery(client, 7);
  const request = await simulator.waitForRequest("responses");
  cancel(client, 7);
  cancel(client, 7);
  await request.done;
  expect(request.closedBy).toBe("client");
  const next = await client.call("codex_query", { prompt: "and now?" });
  expect(next.result?.isError).toBeUndefined();
  expect(client.count(7)).toBe(0);
});

test.each(["models", "responses"] as const)(
  "a call is cancelled as well while %s has not answered at all",
  async (route) => {
    const { simulator, client } = await start();
    simulator.next(route, { kind: "hang" });
    sendQuery(client, 7);
    const request = await simulator.waitForRequest(route);
    cancel(client, 7);
    // A list goes on being fetched for the next call; a question ends with its call.
    if (route === "responses") await request.done;
    await client.expectWorking();
    expect(client.count(7)).toBe(0);
  },
);

test("a cancelled call reports no progress any more", async () => {
  const { simulator, client } = await start();
  simulator.next("responses", { kind: "hang" });
  const params = {
    name: "codex_query",
    arguments: { prompt: "hi" },
    _meta: { progressToken: "watched" },
  };
  client.send({ jsonrpc: "2.0", id: 1, method: "tools/call", params });
  const request = await simulator.waitForRequest("responses");
  cancel(client, 1);
  await request.done;
  await client.expectWorking();
  const count = client.messages().length;
  await client.call("codex_query", { prompt: "again" });
  const later = client.messages<{ method?: string }>().slice(count);
  expect(later.filter(({ method }) => method === "notifications/progress")).toEqual([]);
});

test("cancellations that fit no call are ignored", async () => {
  const { client } = await start();
  cancel(client, "not-yet");
  await client.expectWorking();
  const answered = await client.call("codex_query", { prompt: "hi" }, "not-yet");
  expect(answered.result?.isError).toBeUndefined();
  cancel(client, "not-yet");
  for (const strange of [undefined, null, {}, [], 1.5, "__proto__", { requestId: 1 }]) {
    cancel(client, strange);
  }
  client.notify("notifications/cancelled");
  client.notify("notifications/cancelled", 42);
  client.notify("notifications/cancelled", { reason: "x" });
  await client.expectWorking();
  expect(client.count("not-yet")).toBe(1);
});
