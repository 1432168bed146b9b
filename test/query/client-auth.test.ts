import { expect, test } from "vitest";
import { errorEvent, failedEvent, serverErrorBody, type Reply } from "../simulator/index.ts";
import { queryRig } from "../support/query-rig.ts";
import { answer, created, delta, failure, stream } from "../support/replies.ts";
import { simulate } from "../support/server.ts";

const unauthorized = { kind: "json", status: 401, body: { detail: "Unauthorized" } } as const;

function tokensUsed(simulator: Awaited<ReturnType<typeof simulate>>): (string | undefined)[] {
  return simulator.requests.filter(({ route }) => route === "responses").map(({ headers }) => headers["authorization"]);
}

test("a refused token is replaced once, and the question sent once more", async () => {
  const simulator = await simulate();
  const rig = queryRig({ simulator });
  const before = rig.login;
  await rig.catalog.list(before, new AbortController().signal);
  simulator.revokeAccess(before.secret);
  expect((await rig.ask({ prompt: "hi" }).reply).text).toBe("The simulator received: hi");
  expect(tokensUsed(simulator)).toEqual([`Bearer ${before.secret}`, `Bearer ${rig.login.secret}`]);
  expect(rig.renewals).toBe(1);
});

test("a second refusal is AUTH_EXPIRED", async () => {
  const simulator = await simulate();
  simulator.always("responses", unauthorized);
  const rig = queryRig({ simulator });
  expect((await failure(rig.ask().reply)).code).toBe("AUTH_EXPIRED");
  expect([rig.renewals, tokensUsed(simulator).length]).toEqual([1, 2]);
});

test("one renewal is all there is for a question, also between further attempts", async () => {
  const simulator = await simulate();
  const broken = { kind: "json", status: 500, body: serverErrorBody() } as const;
  simulator.next("responses", unauthorized, broken, unauthorized);
  const rig = queryRig({ simulator });
  expect((await failure(rig.ask().reply)).code).toBe("AUTH_EXPIRED");
  expect([rig.renewals, tokensUsed(simulator).length]).toEqual([1, 3]);
});

test("a refused account id is no reason to refresh", async () => {
  const simulator = await simulate();
  const rig = queryRig({ simulator });
  rig.login = { ...rig.login, accountId: "another" };
  expect((await failure(rig.ask().reply)).code).toBe("UPSTREAM");
  expect(rig.renewals).toBe(0);
});

test("a renewed login works for the further attempts, too", async () => {
  const simulator = await simulate();
  const cut: Reply = { kind: "stream", events: [] };
  simulator.next("responses", unauthorized, cut, answer("third"));
  const rig = queryRig({ simulator });
  expect((await rig.ask().reply).text).toBe("third");
  const [, second, third] = tokensUsed(simulator);
  expect([second, third]).toEqual(Array(2).fill(`Bearer ${rig.login.secret}`));
});

test("a token that ends within an answer does not disturb it", async () => {
  const simulator = await simulate();
  const rig = queryRig({ simulator });
  const whole = answer("whole") as { kind: "stream"; events: unknown[] };
  const revoke = Promise.resolve().then(() => {
    simulator.revokeAccess(rig.login.secret);
    return delta("");
  });
  simulator.next("responses", { ...whole, events: [revoke, ...whole.events] });
  expect((await rig.ask().reply).text).toBe("whole");
});

test.each<[string, object]>([
  ["a status", errorEvent("odd", "No", "nested", { status: 401 })],
  ["token_expired", failedEvent("token_expired", "Expired")],
  ["invalid_token", errorEvent("invalid_token", "Bad")],
])("a login that the stream refuses by %s is replaced once, like one by 401", async (_, event) => {
  const simulator = await simulate();
  simulator.next("responses", stream(created, event), answer("second"));
  const rig = queryRig({ simulator });
  const { reply, progress } = rig.ask();
  expect((await reply).text).toBe("second");
  expect(rig.renewals).toBe(1);
  expect(progress.filter(({ type }) => type === "retry")).toEqual([]);
  simulator.next("responses", stream(event), stream(event));
  expect((await failure(rig.ask().reply)).code).toBe("AUTH_EXPIRED");
  expect([rig.renewals, tokensUsed(simulator).length]).toEqual([2, 4]);
});

test("a login that is refused amid an answer breaks it off, and nothing is asked twice", async () => {
  const simulator = await simulate();
  simulator.next("responses", stream(delta("Half"), failedEvent("token_expired", "Expired")));
  const rig = queryRig({ simulator });
  const error = await failure(rig.ask().reply);
  expect(error).toMatchObject({ code: "INCOMPLETE", details: { partialText: "Half" } });
  expect(error.details.why).toBe("The service no longer accepted the login.");
  expect([rig.renewals, tokensUsed(simulator).length]).toEqual([0, 1]);
});
