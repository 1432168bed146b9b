import { expect, test } from "vitest";
import { simModel } from "../simulator/index.ts";
import { queryRig } from "../support/query-rig.ts";
import { failure } from "../support/replies.ts";
import { simulate } from "../support/server.ts";
import { sent } from "../support/sent.ts";

test("a model that asks for a newer Codex version is told that version", async () => {
  const simulator = await simulate();
  simulator.switches.models = [simModel("gpt-7", { priority: 1 }), simModel("gpt-old")];
  simulator.switches.minimumVersions = { "gpt-7": "0.170.2" };
  simulator.next("models", {
    kind: "json",
    body: {
      models: [
        { ...simulator.switches.models[0], minimal_client_version: [0, 170, 2] },
        { ...simulator.switches.models[1], minimal_client_version: "0.1.0" },
      ],
    },
  });
  const rig = queryRig({ simulator });
  await rig.ask().reply;
  await rig.ask({ model: "gpt-old" }).reply;
  expect(sent(simulator)).toMatchObject([
    { model: "gpt-7", version: "0.170.2" },
    { model: "gpt-old", version: "0.169.0" },
  ]);
});

for (const versionGateStyle of ["not-supported", "requires-newer", "not-found"] as const) {
  test(`a version that is too low is MODEL_UNAVAILABLE (${versionGateStyle})`, async () => {
    const simulator = await simulate({ switches: { versionGateStyle } });
    const rig = queryRig({ simulator });
    await rig.catalog.list(rig.login, new AbortController().signal);
    simulator.switches.minimumVersions = { "gpt-6.1-sol": "9.0.0" };
    const error = await failure(rig.ask().reply);
    expect(error.code).toBe("MODEL_UNAVAILABLE");
    expect(error.details.why).toContain("gpt-6.1-sol");
  });
}

test("the successor answers only after the service has refused the name, with a notice", async () => {
  const simulator = await simulate();
  const rig = queryRig({ simulator });
  expect(await rig.ask({ model: "gpt-5.6-luna" }).reply).toMatchObject({
    model: "gpt-5.6-luna",
    notices: [],
  });
  simulator.switches.disallowedModels = ["gpt-5.6-luna"];
  const reply = await rig.ask({ model: "gpt-5.6-luna" }).reply;
  expect(reply.model).toBe("gpt-6-luna");
  expect(reply.notices).toEqual(["gpt-5.6-luna was refused by the service; its successor gpt-6-luna answered."]);
  const listings = simulator.requests.filter(({ route }) => route === "models");
  await simulator.waitForRequest("models", 2);
  expect(listings.length).toBeLessThanOrEqual(2);
});

test("a successor that is refused as well is the end, not the first of a chain", async () => {
  const simulator = await simulate({
    switches: { disallowedModels: ["gpt-a", "gpt-b"] },
  });
  simulator.switches.models = [
    simModel("gpt-a", { upgrade: { model: "gpt-b", migration_markdown: "" } }),
    simModel("gpt-b", { upgrade: { model: "gpt-a", migration_markdown: "" } }),
  ].map((model) => ({ ...model, use_responses_lite: false }));
  const error = await failure(queryRig({ simulator }).ask({ model: "gpt-a" }).reply);
  expect(error.code).toBe("MODEL_UNAVAILABLE");
  expect(sent(simulator).map(({ model }) => model)).toEqual(["gpt-a", "gpt-b"]);
});

test("a name that a fresh list lacks is refused here, with the usable ones", async () => {
  const simulator = await simulate();
  const rig = queryRig({ simulator });
  const error = await failure(rig.ask({ model: "gpt-5-codex" }).reply);
  expect(error).toMatchObject({
    code: "MODEL_UNAVAILABLE",
    message: 'This account has no model called "gpt-5-codex".',
  });
  expect(error.details.why).toMatch(/^Usable: gpt-6\.1-sol, gpt-6-astra, .*gpt-5\.5\.$/);
  expect(sent(simulator)).toEqual([]);
});

test("a name that only the bundled table lacks is tried", async () => {
  const simulator = await simulate();
  simulator.switches.models = [simModel("gpt-7")];
  simulator.always("models", { kind: "json", status: 500, body: {} });
  const reply = await queryRig({ simulator }).ask({ model: "gpt-7" }).reply;
  expect(reply.model).toBe("gpt-7");
});
