import { expect, test } from "vitest";
import { answerEvents, usageLimitBody, weeklyOnlyRateLimitHeaders } from "../simulator/index.ts";
import { makeHome, writeLogin } from "../support/home.ts";
import { gate } from "../support/replies.ts";
import { simulate, startServer } from "../support/server.ts";

test("a hundred questions at once: 32 go out, the others wait and say so, none is mixed up", async () => {
  const simulator = await simulate();
  const open = gate();
  simulator.always("responses", ({ body }) => {
    const question = /question \d+/.exec(body)?.[0] ?? "";
    if (question === "question 40") return { kind: "html" };
    return { kind: "stream", events: [open.promise, ...answerEvents({ text: `to ${question}` })] };
  });
  const home = makeHome();
  writeLogin(home, simulator);
  const { call } = await startServer({ simulator, home });
  await call("codex_models");
  const waiting = new Set<number>();
  const queued = gate();
  const answers = Array.from({ length: 100 }, (_, n) =>
    call(
      "codex_query",
      { prompt: `question ${n}.` },
      {
        onprogress: ({ message = "" }) => {
          if (/^waiting for a free place, \d+ in line/.test(message)) waiting.add(n);
          if (waiting.size === 68) queued.resolve(undefined);
        },
      },
    ),
  );
  await Promise.all([simulator.waitForRequest("responses", 32), queued.promise]);
  expect(simulator.stats.maxOpenResponses).toBe(32);
  open.resolve(undefined);
  for (const [n, answer] of (await Promise.all(answers)).entries()) {
    if (n === 40) expect(answer.code).toBe("BLOCKED");
    else expect(answer.text.split("\n")[0]).toBe(`to question ${n}`);
  }
});

test("the quota survives: a failure's too, in this process and for the next one", async () => {
  const simulator = await simulate();
  simulator.switches.rateLimitHeaders = weeklyOnlyRateLimitHeaders(Date.now(), "plus");
  const home = makeHome();
  writeLogin(home, simulator);
  const first = await startServer({ simulator, home });
  expect((await first.call("codex_status")).text).toContain("Quota: not seen yet");
  await first.call("codex_query", { prompt: "hi" });
  expect((await first.call("codex_status")).text).toMatch(
    /Quota, as seen [01] s ago:\n {2}week {2}█{16}░{4} 78 % left, resets /,
  );
  const headers = {
    ...simulator.switches.rateLimitHeaders,
    "x-codex-primary-used-percent": "100",
  };
  simulator.next("responses", { kind: "json", status: 429, headers, body: usageLimitBody() });
  expect((await first.call("codex_query", { prompt: "hi" })).code).toBe("USAGE_LIMIT");
  const told = (await first.call("codex_status")).text;
  expect(told).toContain("0 % left");

  const second = await startServer({ simulator, home, entry: "shipped" });
  expect((await second.call("codex_status")).text).toMatch(/Quota, as seen \d+ s ago:\n.* 0 % left/);
});

test("the models: live, kept when the service is down, bundled without a login", async () => {
  const simulator = await simulate();
  const home = makeHome();
  const signedOut = await startServer({ simulator, home });
  expect((await signedOut.call("codex_models")).text).toMatch(
    /^gpt-6\.1-sol \(default\): .*table of .*AUTH_REQUIRED: .*codex_login/s,
  );
  writeLogin(home, simulator);
  const live = await signedOut.call("codex_models");
  expect(live.text).toMatch(/^gpt-6\.1-sol \(default\): .*This account's list, fetched [01] s ago\.$/s);
  expect(live.facts).toMatchObject({ source: "live", fresh: true });

  simulator.always("models", { kind: "json", status: 500, body: {} });
  const later = await startServer({ simulator, home, limits: { catalogFreshMs: 0 } });
  expect((await later.call("codex_models")).text).toMatch(/as fetched \d+ s ago; a newer one/);
  const unknown = await later.call("codex_query", { prompt: "hi", model: "gpt-9" });
  expect(unknown.code).toBe("MODEL_UNAVAILABLE");
  expect(simulator.requests.some(({ body }) => body.includes('"gpt-9"'))).toBe(true);
});
