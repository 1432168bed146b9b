import { expect, test } from "vitest";
import type { Simulator } from "../simulator/index.ts";
import { testApp } from "../support/app.ts";
import { makeHome, writeLogin } from "../support/home.ts";
import { failure } from "../support/replies.ts";
import { simulate } from "../support/server.ts";
import { frozenClock } from "../support/token-rig.ts";

const minute = 60_000;
const unauthorized = { kind: "json", status: 401, body: { detail: "Unauthorized" } } as const;

function sent({ requests }: Simulator): unknown[] {
  return requests.map(({ route }) => route).filter((route) => route === "responses" || route === "token:refresh");
}

test("each question whose login is refused refreshes it once, also right after the last refresh", async () => {
  const simulator = await simulate();
  const home = makeHome();
  writeLogin(home, simulator);
  simulator.always("responses", unauthorized);
  const { codex } = testApp({ simulator, home });
  for (let question = 1; question <= 3; question++) {
    expect((await failure(codex.query({ prompt: "hi" }))).code).toBe("AUTH_EXPIRED");
    const each = ["responses", "token:refresh", "responses"];
    expect(sent(simulator)).toEqual(Array(question).fill(each).flat());
  }
  expect(simulator.stats).toMatchObject({ refreshes: 3, replays: 0 });
  simulator.always("responses", { kind: "default" });
  expect((await codex.query({ prompt: "hi" })).text).toBe("The simulator received: hi");
  expect(simulator.stats).toMatchObject({ refreshes: 3, replays: 0 });
});

test.each([
  ["agrees with", 0, undefined],
  ["is ahead of", 90 * minute, "This machine's clock is 90 minutes ahead of the server's."],
])(
  "a login that comes expired by a clock that %s the server's is refreshed once among all questions",
  async (_, aheadMs, why) => {
    const simulator = await simulate();
    const home = makeHome();
    writeLogin(home, simulator, { accessExpiresInMs: -minute });
    const { accessToken: access_token } = simulator.issueTokens({ accessExpiresInMs: -minute });
    simulator.next("token:refresh", {
      kind: "default",
      adapt: (answer) =>
        answer.kind === "json"
          ? { ...answer, body: { ...(answer.body as object), access_token, expires_in: 0 } }
          : answer,
    });
    const { codex } = testApp({ simulator, home, clock: frozenClock(Date.now() + aheadMs) });
    for (let question = 1; question <= 3; question++) {
      expect(await failure(codex.query({ prompt: "hi" }))).toMatchObject({
        code: "AUTH_EXPIRED",
        message: "The service refuses the login that it has just renewed.",
        details: { why },
      });
      expect(sent(simulator)).toEqual(["token:refresh", ...Array<string>(question).fill("responses")]);
    }
  },
);
