import { expect, test } from "vitest";
import { startSimulator } from "./index.ts";
import { ask } from "./test-client.ts";

test("a workspace is served only where, and only as, accounts/check says", async () => {
  await using sim = await startSimulator();
  const header = "x-openai-account-routing-override";
  expect((await ask(sim, { headers: { [header]: "us" } })).status).toBe(403);
  Object.assign(sim.switches, { workspaceOrigin: sim.workspaceOrigin, routingOverride: "us" });
  expect((await ask(sim, { headers: { [header]: "us" } })).status).toBe(403);
  const moved = { ...sim, baseUrl: `${sim.workspaceOrigin}/backend-api` };
  const tokens = sim.issueTokens();
  expect((await ask(moved, { tokens })).status).toBe(403);
  expect((await ask(moved, { tokens, headers: { [header]: "us" } })).status).toBe(200);
  expect(sim.requests.at(-1)?.server).toBe("workspace");
  const check = await fetch(`${sim.workspaceOrigin}/backend-api/wham/accounts/check`);
  expect(check.status).toBe(404);
});

test("an account in the government's cloud must say so, and no other may", async () => {
  await using sim = await startSimulator({ account: { fedramp: true } });
  const marked = { headers: { "x-openai-fedramp": "true" } };
  expect([(await ask(sim)).status, (await ask(sim, marked)).status]).toEqual([403, 200]);
  sim.account = { ...sim.account, fedramp: false };
  expect([(await ask(sim)).status, (await ask(sim, marked)).status]).toEqual([200, 403]);
});
