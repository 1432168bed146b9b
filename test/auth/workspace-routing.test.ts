import { expect, test } from "vitest";
import { urlOf } from "../support/login-rig.ts";
import { writeLogin } from "../support/home.ts";
import { modeRig, writePreference, writeCodexCliLogin } from "../support/modes.ts";
import { failure, json } from "../support/replies.ts";

const business = { simulatorOptions: { account: { plan: "business" } } };

async function routedRig(override = "us") {
  const rig = await modeRig(business);
  Object.assign(rig.simulator.switches, {
    workspaceOrigin: rig.simulator.workspaceOrigin,
    routingOverride: override,
  });
  writeLogin(rig.home, rig.simulator);
  return rig;
}

const ask = ({ parts }: Pick<Awaited<ReturnType<typeof modeRig>>, "parts">) => parts.client.query({ prompt: "hi" });

test("a workspace's questions go where and how the service says, asked once for a login", async () => {
  const rig = await routedRig();
  const { simulator, home, another } = rig;
  expect((await ask(rig)).text).toBe("The simulator received: hi");
  await ask(rig);
  await ask({ parts: another() });
  const checks = simulator.requests.filter(({ route }) => route === "accounts-check");
  expect(checks).toHaveLength(1);
  expect(checks[0]?.server).toBe("api");
  const others = simulator.requests.filter(({ route }) => route !== "accounts-check");
  for (const { server, headers } of others) {
    expect(server).toBe("workspace");
    expect(headers["x-openai-account-routing-override"]).toBe("us");
  }
  expect(home.record()).toMatchObject({
    workspaceOrigin: simulator.workspaceOrigin,
    routingOverride: "us",
    apiOrigin: new URL(simulator.baseUrl).origin,
  });
});

test("many first questions together ask once", async () => {
  const rig = await routedRig();
  await Promise.all([ask(rig), ask(rig), ask(rig)]);
  expect(rig.simulator.requests.filter(({ route }) => route === "accounts-check")).toHaveLength(1);
});

test("without a demand the standard origin is used, without the header", async () => {
  const rig = await modeRig(business);
  writeLogin(rig.home, rig.simulator);
  await ask(rig);
  const request = rig.simulator.requests.at(-1);
  expect(request).toMatchObject({ route: "responses", server: "api" });
  expect(request?.headers).not.toHaveProperty("x-openai-account-routing-override");
  expect(rig.home.record()).toMatchObject({ workspaceOrigin: "NO_CONSTRAINT" });
});

test.each(["plus", "pro", "free", "team", "a-new-plan"])("plan %s never asks", async (plan) => {
  const rig = await modeRig({ simulatorOptions: { account: { plan } } });
  writeLogin(rig.home, rig.simulator);
  await ask(rig);
  expect(rig.simulator.requests.map(({ route }) => route)).toEqual(["models", "responses"]);
});

test.each([
  ["an origin elsewhere", "https://evil.test", "UPSTREAM"],
  ["another name of this machine", "http://localhost:9", "UPSTREAM"],
  ["an unknown override", undefined, "PROTOCOL"],
] as const)("%s: nothing is sent there or anywhere else, and nothing is kept", async (_, origin, code) => {
  const rig = await modeRig(business);
  const { simulator, home } = rig;
  writeLogin(home, simulator);
  if (origin === undefined) simulator.switches.routingOverride = "mars";
  else simulator.switches.workspaceOrigin = origin;
  const error = await failure(ask(rig));
  expect(error.code).toBe(code);
  expect(simulator.requests.map(({ route }) => route)).toEqual(["accounts-check"]);
  expect(home.record()).not.toHaveProperty("workspaceOrigin");
});

test.each([
  ["a failure of the service", json(503, {}), "UPSTREAM"],
  ["a broken connection", { kind: "reset" } as const, "NETWORK"],
  ["Cloudflare's page", { kind: "html" } as const, "BLOCKED"],
  ["a network's sign-in page", { kind: "html", status: 200, headers: {}, body: "<p>Hi" } as const, "BLOCKED"],
  ["an account that is not there", json(200, { accounts: [] }), "PROTOCOL"],
] as const)("%s fails the question, and the next one asks again", async (_, reply, code) => {
  const rig = await routedRig();
  rig.simulator.next("accounts-check", reply);
  expect((await failure(ask(rig))).code).toBe(code);
  expect(rig.simulator.requests.filter(({ route }) => route === "responses")).toEqual([]);
  expect((await ask(rig)).text).toBe("The simulator received: hi");
});

test("a login that is refused already there is renewed once", async () => {
  const rig = await routedRig();
  const { accessToken } = writeLogin(rig.home, rig.simulator);
  rig.simulator.revokeAccess(accessToken);
  expect((await ask(rig)).text).toBe("The simulator received: hi");
  expect(rig.simulator.stats.refreshes).toBe(1);
});

test("a login that is refused there while another way is chosen is not renewed", async () => {
  const rig = await routedRig();
  const { accessToken } = writeLogin(rig.home, rig.simulator);
  rig.simulator.revokeAccess(accessToken);
  const beforeCommit = rig.simulator.waitForRequest("accounts-check").then(() => {
    writePreference(rig.home, "api-key");
  });
  rig.simulator.next("accounts-check", { kind: "default", beforeCommit });
  expect(await failure(ask(rig))).toMatchObject({
    code: "AUTH_EXPIRED",
    message: "The service refused the login, and another way was chosen.",
  });
  expect(rig.simulator.stats.refreshes).toBe(0);
});

test("a new login does not inherit the origin of the one before", async () => {
  const rig = await routedRig();
  await ask(rig);
  const { simulator, home, parts } = rig;
  const login = await parts.login.beginOrJoin("browser");
  Object.assign(simulator.switches, {
    workspaceOrigin: "NO_CONSTRAINT",
    routingOverride: "NO_CONSTRAINT",
  });
  await simulator.signIn(urlOf(login.pending));
  await login.pending.completed;
  expect(home.record()).not.toHaveProperty("workspaceOrigin");
  await ask(rig);
  expect(simulator.requests.at(-1)?.server).toBe("api");
});

test("a guest of a workspace is routed as well; its file stays untouched", async () => {
  const rig = await routedRig("us_cr");
  writePreference(rig.home, "codex-cli");
  writeCodexCliLogin(rig.home, rig.simulator);
  await ask(rig);
  await ask(rig);
  const last = rig.simulator.requests.at(-1);
  expect(last?.headers["x-openai-account-routing-override"]).toBe("us_cr");
  expect(rig.simulator.requests.filter(({ route }) => route === "accounts-check")).toHaveLength(1);
  expect(rig.home.record()).toEqual({ version: 1, mode: "codex-cli", generation: 1 });
});
