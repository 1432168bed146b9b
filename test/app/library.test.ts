import { expect, test } from "vitest";
import { createCodex, describeNext, type CodexOptions } from "../../src/app/library.ts";
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

function refusal(options: CodexOptions): CodexError {
  try {
    createCodex(options);
  } catch (error) {
    if (error instanceof CodexError) return error;
    throw error;
  }
  throw new Error("the options were expected to be refused");
}

test.each<[string, CodexOptions, RegExp]>([
  ["authFile", { authFile: "rel" }, /^The option authFile cannot be used: it is not an absolute path\.$/],
  ["stateDir", { stateDir: "rel" }, /^The option stateDir cannot be used: it is not an absolute path\.$/],
  ["issuer", { issuer: "http://a.test" }, /^The option issuer cannot be used: it is neither https: /],
  ["baseUrl", { baseUrl: "nowhere" }, /^The option baseUrl cannot be used: it is /],
  ["callbackPorts", { callbackPorts: [1] }, /^The option callbackPorts cannot be used: /],
])("an unusable %s is refused by the option's name, whatever its setting says", (option, options, message) => {
  const error = refusal({ ...options, env: { CODEX_AUTH_FILE: "/a/auth.json", CODEX_STATE_DIR: "/a" } });
  expect(error).toMatchObject({ code: "CONFIG", message: expect.stringMatching(message) as string });
  expect(error.details.why).toMatch(new RegExp(`^${option} accepts `));
  expect(error.details.why).not.toContain("CODEX_");
  expect(describeNext(error)).toBe("Correct or leave out the option that the message names.");
});

test("an unusable setting of the environment is refused by its own name, whatever the options say", () => {
  const error = refusal({ baseUrl: "https://a.test", env: { CODEX_ISSUER: "nowhere" } });
  expect(error.message).toMatch(/^CODEX_ISSUER cannot be used: /);
  expect(describeNext(error)).toBe(
    "Correct or unset the environment variable that the message names, then restart the program.",
  );
});
