import { expect, test } from "vitest";
import { queryRig } from "../support/query-rig.ts";
import { failure, gate } from "../support/replies.ts";
import { simulate } from "../support/server.ts";

const programEnds = { code: "CANCELLED", message: "The program is ending." };

test("closing ends every question, and its connection, before it resolves", async () => {
  const simulator = await simulate();
  simulator.always("responses", { kind: "stream", events: [gate().promise] });
  const rig = queryRig({ simulator, limits: { maxConcurrentQueries: 2 } });
  const asked = [rig.ask(), rig.ask(), rig.ask()];
  const outcomes = asked.map(({ reply }) => failure(reply));
  await simulator.waitForRequest("responses", 2);
  let open = 3;
  for (const outcome of outcomes) void outcome.then(() => open--);
  await rig.client.close();
  expect(open).toBe(0);
  expect(await Promise.all(outcomes)).toMatchObject([programEnds, programEnds, programEnds]);
  const requests = simulator.requests.filter(({ route }) => route === "responses");
  await Promise.all(requests.map(({ done }) => done));
  expect(requests.map(({ closedBy }) => closedBy)).toEqual(["client", "client"]);
});

test("nothing is asked once it is closed, by a stream that was there before neither", async () => {
  const simulator = await simulate();
  const rig = queryRig({ simulator });
  const stream = rig.client.stream({ prompt: "Hi" });
  await rig.client.close();
  expect(await failure(rig.ask().reply)).toMatchObject(programEnds);
  expect(await failure(stream.next())).toMatchObject(programEnds);
  expect(simulator.requests).toEqual([]);
});
