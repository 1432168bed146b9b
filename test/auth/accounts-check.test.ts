import { describe, expect, test } from "vitest";
import {
  acceptedBase,
  isRoutedPlan,
  cachedRouting,
  mayBeRouted,
  overrideHeader,
  routingOf,
} from "../../src/auth/accounts-check.ts";

const entry = (id: string, origin = "https://eu.chatgpt.com", override = "us") => ({
  id,
  workspace_backend_origin: origin,
  account_routing_override: override,
});

test.each([
  ["a list", { accounts: [entry("other"), entry("mine")] }],
  ["a list with the id's other name", { accounts: [{ ...entry("x"), id: undefined, account_id: "mine" }] }],
  ["a map of entries", { accounts: { mine: entry("mine") } }],
  ["a map of accounts", { accounts: { mine: { account: entry("mine") } } }],
])("finds the account's entry in %s", (_, body) => {
  expect(routingOf(body, "mine")).toEqual({ origin: "https://eu.chatgpt.com", override: "us" });
});

test.each([
  ["no entry", { accounts: [entry("other")] }],
  ["a name of every object", { accounts: {} }],
  ["no origin", { accounts: [{ id: "mine", account_routing_override: "us" }] }],
  ["an override that nobody knows", { accounts: [entry("mine", "NO_CONSTRAINT", "mars")] }],
  ["no accounts", { detail: "x" }],
  ["words", "x"],
])("%s tells nothing", (name, body) => {
  expect(routingOf(body, name === "a name of every object" ? "constructor" : "mine")).toBeUndefined();
});

test("plans of workspaces are asked for, personal ones and teams are not", () => {
  const all = ["business", "Enterprise", "hc", "enterprise_cbp_usage_based", "edu", "education"];
  expect(all.filter(isRoutedPlan)).toEqual(all);
  expect(["free", "go", "plus", "pro", "prolite", "team", undefined].filter(isRoutedPlan)).toEqual([]);
});

describe("an origin", () => {
  const base = "https://chatgpt.com/backend-api";

  test("below chatgpt.com is accepted, with the path of the API", () => {
    expect(acceptedBase("NO_CONSTRAINT", base)).toBe(base);
    expect(acceptedBase("https://chatgpt.com", base)).toBe(base);
    expect(acceptedBase("https://eu.chatgpt.com", base)).toBe("https://eu.chatgpt.com/backend-api");
  });

  test.each([
    "http://eu.chatgpt.com",
    "https://chatgpt.com.evil.test",
    "https://evilchatgpt.com",
    "https://chatgpt.com@evil.test",
    "https://eu.chatgpt.com:8443",
    "https://eu.chatgpt.com/path",
    "https://eu.chatgpt.com/",
    "https://eu.chatgpt.com.",
    "https://eu.chatgpt.com?x",
    "http://127.0.0.1:8080",
    "eu.chatgpt.com",
    "",
  ])("%s is refused", (origin) => {
    expect(acceptedBase(origin, base)).toBeUndefined();
  });

  test("of a stand-in on this machine may only be another port of the same name", () => {
    const local = "http://127.0.0.1:1000/backend-api";
    expect(acceptedBase("http://127.0.0.1:2000", local)).toBe("http://127.0.0.1:2000/backend-api");
    for (const other of ["http://localhost:2000", "https://eu.chatgpt.com", "http://evil.test"]) {
      expect(acceptedBase(other, local), other).toBeUndefined();
    }
  });

  test("is not asked for where a gateway of one's own stands in", () => {
    expect([base, "http://[::1]:1/x", "https://gateway.test/x"].map(mayBeRouted)).toEqual([true, true, false]);
  });
});

test("a kept answer counts only whole, and only its own words become a header", () => {
  const kept = { workspaceOrigin: "https://eu.chatgpt.com", routingOverride: "us_cr" };
  expect(cachedRouting(kept)).toEqual({ origin: "https://eu.chatgpt.com", override: "us_cr" });
  expect(cachedRouting({ ...kept, routingOverride: "x\r\ny" })).toBeUndefined();
  expect(cachedRouting({ routingOverride: "us" })).toBeUndefined();
  expect(overrideHeader({ origin: "NO_CONSTRAINT", override: "us" })).toBe("us");
  expect(overrideHeader({ origin: "NO_CONSTRAINT", override: "NO_CONSTRAINT" })).toBeUndefined();
});
