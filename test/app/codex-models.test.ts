import { expect, test } from "vitest";
import { testApp } from "../support/app.ts";
import { makeHome, writeLogin } from "../support/home.ts";
import { json } from "../support/replies.ts";
import { simulate } from "../support/server.ts";
import { errorLine } from "../../src/render/error.ts";

async function signedIn() {
  const simulator = await simulate();
  const home = makeHome();
  writeLogin(home, simulator);
  return { simulator, ask: () => testApp({ simulator, home }).codex.models() };
}

test("a list that was fetched needs no failure", async () => {
  const { ask } = await signedIn();
  expect(await ask()).toMatchObject({ source: "live", failure: undefined });
});

test("what the service refused is told with the list in its place", async () => {
  const { simulator, ask } = await signedIn();
  const deactivated = { error: { message: "Your workspace has been deactivated." } };
  simulator.always("models", json(403, deactivated));
  const { source, failure } = await ask();
  expect(source).toBe("bundled");
  expect(failure && errorLine(failure, "mcp")).toMatch(
    /^PLAN_REQUIRED: .*Your workspace has been deactivated\..* Tell the user; try again only if they ask\. They can ask you to call codex_login/,
  );
});

test("so is what could not be asked at all", async () => {
  const { simulator, ask } = await signedIn();
  simulator.always("models", { kind: "reset" });
  const { source, failure } = await ask();
  expect(source).toBe("bundled");
  expect(failure && errorLine(failure, "mcp")).toMatch(/^NETWORK: The connection to .* failed/);
});

test("without a login the failure says how to get one", async () => {
  const simulator = await simulate();
  const { codex } = testApp({ simulator, home: makeHome() });
  const { source, failure } = await codex.models();
  expect(source).toBe("bundled");
  expect(failure && errorLine(failure, "mcp")).toMatch(/^AUTH_REQUIRED: .*Call codex_login/);
  expect(simulator.requests).toEqual([]);
});
