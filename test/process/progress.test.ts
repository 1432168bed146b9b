import { expect, test } from "vitest";
import { answerEvents } from "../simulator/index.ts";
import { makeHome, writeLogin } from "../support/home.ts";
import { RawClient, type RawAnswer } from "../support/raw-client.ts";
import { simulate, startProcess } from "../support/server.ts";

interface Notice {
  method?: string;
  id?: unknown;
  params?: { progressToken?: unknown; progress?: number; message?: string };
}

async function start() {
  const simulator = await simulate();
  const home = makeHome();
  writeLogin(home, simulator);
  simulator.always("responses", {
    kind: "stream",
    events: answerEvents({ text: "yes", reasoning: ["**Looking**", "**Writing it down**"] }),
  });
  const client = new RawClient(startProcess({ simulator, home }));
  const query = (id: unknown, _meta?: object): Promise<RawAnswer> => {
    const params = { name: "codex_query", arguments: { prompt: "hi" }, _meta };
    return client.request("tools/call", params, id);
  };
  return { client, query, notices: () => client.messages<Notice>() };
}

const isProgress = ({ method }: Notice): boolean => method === "notifications/progress";

test("without a token there is no progress", async () => {
  const { query, notices } = await start();
  await query(1);
  expect(notices().filter(({ method }) => method !== undefined)).toEqual([]);
});

test.each([0, 7, "a string"])("progress for the token %j counts up and ends with the answer", async (token) => {
  const { client, query, notices } = await start();
  await query("the call", { progressToken: token });
  await client.expectWorking();
  const progress = notices().filter(isProgress);
  expect(progress.length).toBeGreaterThan(0);
  expect(progress.map(({ params }) => params?.progress)).toEqual(progress.map((_, n) => n + 1));
  expect(new Set(progress.map(({ params }) => params?.progressToken))).toEqual(new Set([token]));
  const answered = notices().findIndex(({ id }) => id === "the call");
  expect(notices().findLastIndex(isProgress)).toBeLessThan(answered);
});

test("a token that is used again begins anew, also by calls that overlap", async () => {
  const { query, notices } = await start();
  await query(1, { progressToken: "again" });
  const first = notices().filter(isProgress).length;
  await Promise.all([2, 3].map((id) => query(id, { progressToken: "again" })));
  const counts = notices()
    .filter(isProgress)
    .slice(first)
    .map(({ params }) => params?.progress);
  expect(counts.filter((count) => count === 1)).toHaveLength(2);
});

test("a token that is none harms nobody, and the server asks nothing of its host", async () => {
  const { client, query, notices } = await start();
  for (const [n, progressToken] of [true, null, {}, [], 1.5].entries()) {
    const { result, error } = await query(n, { progressToken });
    expect(error?.code ?? result?.content?.length, JSON.stringify(progressToken)).toBeTruthy();
  }
  await client.expectWorking();
  for (const notice of notices()) {
    expect(notice.method === undefined || isProgress(notice), notice.method).toBe(true);
  }
});
