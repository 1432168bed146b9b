import { expect, test } from "vitest";
import { describeNext } from "../../src/app/library.ts";
import { CodexError } from "../../src/shared/errors.ts";
import { act, retry, signIn, type NextSteps } from "../../src/shared/next-step.ts";

test.each<[string, CodexError | NextSteps, string]>([
  [
    "an error's own steps",
    new CodexError("NETWORK", "No.", { next: [act("Free a port"), retry] }),
    "Free a port, then try again.",
  ],
  ["the steps of its code", new CodexError("AUTH_REQUIRED", "No."), "Call signIn(), then try again."],
  ["steps alone, such as a finding's fix", [signIn, retry], "Call signIn(), then try again."],
])("describeNext gives %s as a sentence for a program", (_, from, text) => {
  expect(describeNext(from)).toBe(text);
});
