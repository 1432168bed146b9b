import { describe, expect, test } from "vitest";
import { loadConfig } from "../../src/config/config.ts";
import { toKeyModels } from "../../src/models/api-key-models.ts";
import { toModels } from "../../src/models/codex-models.ts";
import { checkedRequest } from "../../src/query/request/request.ts";

const lists: Readonly<Record<string, (name: string) => readonly { slug: string }[]>> = {
  "the service's list": (slug) => toModels([{ slug }]),
  "the list of the API for keys": (id) => toKeyModels([{ id }]),
};

describe.each(Object.entries(lists))("%s", (_, list) => {
  test.each([
    "gpt-6.1-sol",
    `ft:gpt-4.1-mini-2025-04-14:${"department".repeat(8)}:${"purpose".repeat(9)}:Ab12Cd34`,
    "x".repeat(200),
  ])("shows %s, which a request and CODEX_MODEL take", (name) => {
    expect(list(name).map(({ slug }) => slug)).toEqual([name]);
    expect(checkedRequest({ prompt: "Hi", model: name }, 100)).toMatchObject({ model: name });
    expect(loadConfig({ CODEX_MODEL: name }, "/home/me").model).toBe(name);
  });

  test.each(["", "x".repeat(201), "two words", "-m", "../up", "bad\u001b[31m\nslug"])(
    "does not show %j, which neither takes",
    (name) => {
      expect(list(name)).toEqual([]);
      expect(() => checkedRequest({ prompt: "Hi", model: name }, 100)).toThrow("model");
      expect(loadConfig({ CODEX_MODEL: name }, "/home/me").model).toBeUndefined();
    },
  );
});
