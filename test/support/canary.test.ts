import { describe, expect, test } from "vitest";
import { expectNoSecrets } from "./canary.ts";

// The whole suite relies on this search; so it has to find what is planted.
const opaque = "rt_CANARY_RT_7kJx+2Lm/pTzVw3BqR9sYd";
const jwt = `eyJhbGciOiJub25lIn0.${Buffer.from('{"sub":"x"}').toString("base64url")}.CANARY_AT_1Zx8yW7vU6tS5rQ4p`;

const search = (output: string) => () => {
  expectNoSecrets(output, [opaque, jwt], "the output");
};

describe.each([
  ["an opaque token", opaque],
  ["a JSON Web Token", jwt],
])("finds %s", (_, secret) => {
  test.each([
    ["as it is", secret],
    ["in the middle of a line", `error: "${secret}" refused`],
    ["URL-encoded", encodeURIComponent(secret)],
    ["in base64", Buffer.from(secret).toString("base64")],
    ["in base64url", Buffer.from(secret).toString("base64url")],
    ["in base64, inside of a longer text", btoa(`Bearer ${secret}!`)],
    ["in base64, one byte further", btoa(`Basic x ${secret}`)],
    ["in JSON", JSON.stringify({ secret })],
    ["cut at its end", `${secret.slice(0, -5)}…`],
    ["cut at its start", `…${secret.slice(-14)}`],
    ["as twelve characters of its random part", secret.slice(-13, -1)],
  ])("%s", (__, output) => {
    expect(search(`some lines\n${output}\nmore`)).toThrow(/shows up in the output/);
  });
});

test("says what was found where, without repeating it", () => {
  const message = expectFailure(search(`x ${opaque} y`));
  expect(message).toContain("a secret (rt_CAN…, 35 characters) shows up in the output");
  expect(message).not.toContain(opaque.slice(-12));
});

test.each([
  ["nothing", ""],
  ["a mask", "Authorization: [redacted]"],
  ["the public head of a token", "eyJhbGciOiJub25lIn0."],
  ["the canary's name alone", "rt_CANARY_RT_7"],
])("finds nothing in %s", (_, output) => {
  expect(search(output)).not.toThrow();
});

function expectFailure(work: () => void): string {
  try {
    work();
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error("nothing was found");
}
