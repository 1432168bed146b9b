import { expect, test } from "vitest";
import { bundledModels } from "../../src/models/bundled.ts";
import { toModels } from "../../src/models/codex-models.ts";
import { defaultModels, simModel } from "../simulator/index.ts";

test("reads the whole catalogue, which agrees with the bundled table", () => {
  const models = toModels(defaultModels());
  expect(models.map((model) => ({ ...model, description: "" }))).toEqual(
    bundledModels.toSorted((a, b) => a.priority - b.priority).map((model) => ({ ...model, description: "" })),
  );
});

test("an entry needs no more than its name", () => {
  expect(toModels([{ slug: "gpt-9" }])).toEqual([
    {
      slug: "gpt-9",
      displayName: "gpt-9",
      description: "",
      listed: true,
      priority: Number.MAX_SAFE_INTEGER,
      defaultEffort: undefined,
      efforts: [],
      contextWindow: undefined,
      maxContextWindow: undefined,
      inputModalities: ["text"],
      supportsVerbosity: false,
      speedTiers: [],
      lite: false,
      minimalClientVersion: undefined,
      upgradeTo: undefined,
    },
  ]);
});

test.each([null, 42, "gpt-9", {}, { slug: "" }, { slug: 5 }, { slug: "x".repeat(201) }])(
  "the entry %j is left out, the others stay",
  (entry) => {
    expect(toModels([entry, { slug: "good" }]).map(({ slug }) => slug)).toEqual(["good"]);
  },
);

test("fields of a wrong type are as good as absent", () => {
  const [model] = toModels([
    {
      slug: "odd",
      display_name: 1,
      priority: "first",
      supported_reasoning_levels: "all",
      context_window: -5,
      input_modalities: {},
      support_verbosity: "yes",
      service_tiers: [{ name: "x" }],
      use_responses_lite: 1,
      minimal_client_version: {},
      upgrade: "gpt-9",
    },
  ]);
  expect(model).toEqual(toModels([{ slug: "odd" }])[0]);
});

test.each([
  ["0.155.0", "0.155.0"],
  [[0, 155, 0], "0.155.0"],
  [null, undefined],
  [undefined, undefined],
])("the minimum version %j is read as %s", (wire, expected) => {
  const [model] = toModels([{ slug: "m", minimal_client_version: wire }]);
  expect(model?.minimalClientVersion).toBe(expected);
});

test.each(["hide", "none"] as const)("a model with visibility %s is not listed", (visibility) => {
  expect(toModels([simModel("m", { visibility })])[0]?.listed).toBe(false);
});

test("the successor is read from the upgrade", () => {
  const upgrade = { model: "gpt-9", migration_markdown: "**New**" };
  expect(toModels([simModel("m", { upgrade })])[0]?.upgradeTo).toBe("gpt-9");
});

test("names of efforts and of a successor that are none are left out, the rest of the entry stays", () => {
  const bad = "bad\u001b[31m\nname";
  const [model] = toModels([
    {
      slug: "m",
      supported_reasoning_levels: [{ effort: bad }, { effort: "high" }],
      default_reasoning_level: bad,
      upgrade: { model: bad },
    },
  ]);
  expect(model).toMatchObject({ slug: "m", efforts: ["high"] });
  expect([model?.defaultEffort, model?.upgradeTo]).toEqual([undefined, undefined]);
});
