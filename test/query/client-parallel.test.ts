import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { expect, onTestFinished, test } from "vitest";
import { answerEvents, serverErrorBody, type RecordedRequest } from "../simulator/index.ts";
import { queryRig } from "../support/query-rig.ts";
import { failure, gate } from "../support/replies.ts";
import { simulate } from "../support/server.ts";

function questionOf({ json }: RecordedRequest): string {
  const { input } = json as { input: { content: { text: string }[] }[] };
  return input.at(-1)?.content[0]?.text ?? "";
}

test("a hundred questions at once: one fails, the others get each its own answer", async () => {
  const simulator = await simulate();
  const open = gate();
  simulator.always("responses", (request) => {
    const question = questionOf(request);
    return question === "question 7"
      ? { kind: "json", status: 400, body: { detail: "Unsupported parameter: seven" } }
      : {
          kind: "stream",
          events: [open.promise, ...answerEvents({ text: `answer to ${question}` })],
        };
  });
  const rig = queryRig({ simulator });
  const asked = Array.from({ length: 100 }, (_, n) => rig.ask({ prompt: `question ${n}`, model: "gpt-5.5" }));
  // One of the first 32 fails at once, so that the 33rd follows.
  await simulator.waitForRequest("responses", 33);
  const queued = asked.filter(({ progress }) => progress[0]?.type === "queued");
  expect(queued).toHaveLength(68);
  expect(simulator.stats.maxOpenResponses).toBeLessThanOrEqual(33);
  expect(simulator.stats.openResponses).toBe(32);
  open.resolve(undefined);
  const outcomes = await Promise.allSettled(asked.map(({ reply }) => reply));
  outcomes.forEach((outcome, n) => {
    if (n === 7) expect(outcome.status).toBe("rejected");
    else expect(outcome).toMatchObject({ value: { text: `answer to question ${n}` } });
  });
});

test("who waits is told how many are ahead, and may give up", async () => {
  const simulator = await simulate();
  const open = gate();
  simulator.always("responses", {
    kind: "stream",
    events: [open.promise, ...answerEvents({ text: "ok" })],
  });
  const rig = queryRig({ simulator, limits: { maxConcurrentQueries: 1 } });
  const cancel = new AbortController();
  const [first, second, third] = [rig.ask(), rig.ask({}, cancel.signal), rig.ask()];
  expect([second.progress, third.progress]).toEqual([[{ type: "queued", ahead: 0 }], [{ type: "queued", ahead: 1 }]]);
  cancel.abort();
  expect((await failure(second.reply)).code).toBe("CANCELLED");
  open.resolve(undefined);
  expect((await first.reply).text + (await third.reply).text).toBe("okok");
  expect(simulator.requests.filter(({ route }) => route === "responses")).toHaveLength(2);
});

test("a question that fails gives its place back", async () => {
  const simulator = await simulate();
  simulator.always("responses", { kind: "json", status: 500, body: serverErrorBody() });
  const rig = queryRig({ simulator, limits: { maxConcurrentQueries: 1, maxRetries: 0 } });
  for (let n = 0; n < 3; n++) expect((await failure(rig.ask().reply)).code).toBe("UPSTREAM");
});

test("a finished stream leaves its connection to the next question", async () => {
  const simulator = await simulate();
  const rig = queryRig({ simulator });
  const { origin, port } = new URL(simulator.baseUrl);
  let connections = 0;
  const onConnect = (message: unknown): void => {
    const { connectParams } = message as { connectParams: { port: string } };
    if (connectParams.port === port) connections++;
  };
  subscribe("undici:client:connected", onConnect);
  onTestFinished(() => {
    unsubscribe("undici:client:connected", onConnect);
  });
  const listed = bodyEnd(origin);
  await rig.catalog.list(rig.login, new AbortController().signal);
  await listed;
  for (let n = 0; n < 3; n++) {
    // The answer is there with its last event, the connection is free when the body has ended.
    const [ended, end] = [bodyEnd(origin), gate()];
    const events = [...answerEvents({ text: "ok" }), end.promise];
    simulator.next("responses", { kind: "stream", events });
    await rig.ask().reply;
    end.resolve(undefined);
    await ended;
  }
  expect(connections).toBe(1);
});

/** Resolves when the next response of the origin has been read and its connection is free again. */
function bodyEnd(origin: string): Promise<void> {
  return new Promise((resolve) => {
    const onEnd = (message: unknown): void => {
      if ((message as { request: { origin: string } }).request.origin !== origin) return;
      unsubscribe("undici:request:trailers", onEnd);
      // undici waits a whole turn before it takes a connection for free.
      setImmediate(() => setImmediate(resolve));
    };
    subscribe("undici:request:trailers", onEnd);
  });
}
