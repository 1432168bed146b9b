import { expect, test } from "vitest";
import { defaultModel, usableNames } from "../../src/models/model.ts";
import { bundledKeyModels, toKeyModels } from "../../src/models/api-key-models.ts";
import { read } from "../support/documents.ts";

const order = bundledKeyModels.map(({ slug }) => slug);
const list = (...ids: string[]) => toKeyModels(ids.map((id) => ({ id, object: "model" })));

test("text models are offered, the rest can only be asked for by name", () => {
  const models = list(
    "gpt-4.1",
    "gpt-4o-audio-preview",
    "text-embedding-3-large",
    "gpt-5.5-2026-04-01",
    "gpt-4-0613",
    "o4-mini",
    "gpt-image-2",
    "whisper-1",
    "ft:gpt-4.1:acme::1",
  );
  expect(usableNames(models).sort()).toEqual(["gpt-4.1", "o4-mini"]);
  expect(models).toHaveLength(9);
});

test("entries without a usable name are left out", () => {
  expect(toKeyModels([{ id: "gpt-5" }, { name: "x" }, "gpt-5", { id: "a\nb" }])).toHaveLength(1);
});

test("the default is the first of the documented order that the list has, else none", () => {
  expect(defaultModel(list("gpt-4.1", "gpt-5.5", "gpt-6-sol", "gpt-9"))?.slug).toBe("gpt-6-sol");
  expect(defaultModel(list("gpt-9", "o4-mini"))).toBeUndefined();
  expect(defaultModel(bundledKeyModels)?.slug).toBe(order[0]);
});

test("DEPLOYMENT.md shows the order", () => {
  const text = order.map((name) => `\`${name}\``).join(", ");
  expect(read("DEPLOYMENT.md").replace(/\s+/g, " ").includes(text), text).toBe(true);
});
