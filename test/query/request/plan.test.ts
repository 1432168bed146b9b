import { expect, test } from "vitest";
import type { CodexModel, ModelList } from "../../../src/models/model.ts";
import { planFor, planQuery } from "../../../src/query/request/plan.ts";
import { type QueryRequest } from "../../../src/query/request/request.ts";

const defaults = { model: undefined, reasoningEffort: undefined, takesSamplingParameters: false };
const ask: QueryRequest = { prompt: "Why?" };

function model(slug: string, changes: Partial<CodexModel> = {}): CodexModel {
  return {
    slug,
    displayName: slug,
    description: "",
    listed: true,
    priority: 5,
    defaultEffort: "medium",
    efforts: ["low", "medium", "high"],
    contextWindow: undefined,
    maxContextWindow: undefined,
    inputModalities: ["text"],
    supportsVerbosity: true,
    speedTiers: [],
    lite: false,
    minimalClientVersion: undefined,
    upgradeTo: undefined,
    ...changes,
  };
}

const hidden = model("hidden", { listed: false, priority: 0 });
const models = [model("second"), model("first", { priority: 1 }), hidden];
const fresh: ModelList = { models, source: "live", fetchedAt: 0, fresh: true };
const kept: ModelList = { ...fresh, source: "kept", fresh: false };

test("without a name the visible model with the lowest priority number is taken", () => {
  expect(planQuery(ask, fresh, defaults).slug).toBe("first");
});

test("a setting beats the list, and the call beats the setting", () => {
  const set = { ...defaults, model: "second" };
  expect(planQuery(ask, fresh, set).slug).toBe("second");
  expect(planQuery({ ...ask, model: "hidden" }, fresh, set).slug).toBe("hidden");
});

test("a fresh list refuses a name that it lacks, and offers its own", () => {
  expect(() => planQuery({ ...ask, model: "gpt-0" }, fresh, defaults)).toThrow(
    expect.objectContaining({
      code: "MODEL_UNAVAILABLE",
      message: 'This account has no model called "gpt-0".',
      details: expect.objectContaining({ why: "Usable: first, second." }) as unknown,
    }),
  );
});

test("a list that may be old lets an unknown name be tried", () => {
  expect(planQuery({ ...ask, model: "gpt-9" }, kept, defaults)).toMatchObject({
    slug: "gpt-9",
    model: undefined,
    effort: undefined,
  });
});

test("a list without any visible model says so", () => {
  const empty = { ...fresh, models: [hidden] };
  expect(() => planQuery(ask, empty, defaults)).toThrow(expect.objectContaining({ code: "MODEL_UNAVAILABLE" }));
});

test("the effort is the call's, else the setting's, else the model's own", () => {
  const set = { ...defaults, reasoningEffort: "high" as const };
  expect(planQuery(ask, fresh, defaults).effort).toBe("medium");
  expect(planQuery(ask, fresh, set).effort).toBe("high");
  expect(planQuery({ ...ask, reasoningEffort: "low" }, fresh, set).effort).toBe("low");
});

test("an effort that the model lacks becomes the next lower one, with a notice", () => {
  expect(planQuery({ ...ask, reasoningEffort: "max" }, fresh, defaults)).toMatchObject({
    effort: "high",
    notices: ["Effort max was sent as high: first takes low, medium, high."],
  });
});

test("ultra is sent as the highest effort on the wire, with a notice", () => {
  const wide = model("wide", { efforts: ["low", "max", "ultra"] });
  expect(planFor("wide", wide, { ...ask, reasoningEffort: "ultra" }, defaults)).toMatchObject({
    effort: "max",
    notices: ["Effort ultra was sent as max, the highest that the service takes."],
  });
});

test("a model's own default of ultra is not sent raw either", () => {
  const wide = model("wide", { defaultEffort: "ultra", efforts: ["low", "xhigh", "ultra"] });
  expect(planFor("wide", wide, ask, defaults).effort).toBe("xhigh");
});

test("a default effort in unknown words is left to the service", () => {
  const odd = model("odd", { defaultEffort: "blazing" });
  expect(planFor("odd", odd, ask, defaults)).toMatchObject({ effort: undefined, notices: [] });
});

test("verbosity goes only to models that take it", () => {
  const asked: QueryRequest = { ...ask, verbosity: "high" };
  expect(planFor("first", models[1], asked, defaults).verbosity).toBe("high");
  const terse = model("terse", { supportsVerbosity: false });
  expect(planFor("terse", terse, asked, defaults)).toMatchObject({
    verbosity: undefined,
    notices: ["verbosity was not sent: terse does not take it."],
  });
});

test("maxOutputTokens goes where the temperature goes, else the notice says so", () => {
  const limited = { ...ask, maxOutputTokens: 100 };
  expect(planQuery(limited, fresh, { ...defaults, takesSamplingParameters: true })).toMatchObject({
    maxOutputTokens: 100,
    notices: [],
  });
  expect(planQuery(limited, fresh, defaults)).toMatchObject({
    maxOutputTokens: undefined,
    notices: ["maxOutputTokens was not sent: the ChatGPT service refuses it."],
  });
});

test("temperature is accepted and not sent, and the notice says so", () => {
  expect(planQuery({ ...ask, temperature: 0 }, fresh, defaults).notices).toEqual([
    "temperature was not sent: the ChatGPT service refuses it.",
  ]);
});
