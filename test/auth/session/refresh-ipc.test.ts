import { expect, test } from "vitest";
import type { TokenSet } from "../../../src/auth/oauth/token-set.ts";
import { CodexError } from "../../../src/shared/errors.ts";
import {
  act,
  either,
  retry,
  setVariable,
  signIn,
  unsetVariables,
  type NextStep,
} from "../../../src/shared/next-step.ts";
import { deserializeError, refreshReport, serializeError } from "../../../src/auth/session/refresh-ipc.ts";

const login: Required<TokenSet> = {
  issuer: "https://auth.openai.com",
  apiOrigin: "https://chatgpt.com",
  accessToken: "access",
  refreshToken: "refresh",
  idToken: "id",
  accountId: "account",
  email: "jane@example.test",
  plan: "business",
  expiresAt: 1_795_000_000_000,
  generation: 3,
  workspaceOrigin: "https://eu.chatgpt.com",
  routingOverride: "eu",
};

const overTheChannel = (tokens: TokenSet): unknown =>
  refreshReport.parse(
    JSON.parse(JSON.stringify({ kind: "unsaved", tokens, error: { code: "STORAGE", message: "full" } })),
  );

test("a login that could not be saved comes back whole: no other copy of it may be left", () => {
  expect(overTheChannel(login)).toMatchObject({ tokens: login });
});

test("a login without the fields that one may lack comes back without them", () => {
  const { workspaceOrigin: _, routingOverride: __, ...plain } = login;
  const bare = { ...plain, email: undefined, plan: undefined };
  expect(overTheChannel(bare)).toEqual(expect.objectContaining({ tokens: bare }));
});

test.each<readonly NextStep[]>([
  [signIn, { do: "sign-in", method: "device" }, { do: "use-method", method: "api-key" }],
  [{ do: "choose-model" }, { do: "choose-model", which: "larger" }, { do: "correct-request" }],
  [{ do: "wait" }, { do: "wait", for: "reset" }, { do: "wait", for: 60_000 }, retry],
  [setVariable("A"), setVariable("A", "b"), unsetVariables("A", "B"), { do: "restart" }],
  [either(act("Free some space"), [either(signIn, retry)]), { do: "run-doctor" }],
  [{ do: "paste-callback-url" }, { do: "check-status" }, { do: "nothing" }],
])("the next steps of an error come over the channel as they are", (...next) => {
  const error = new CodexError("STORAGE", "Full.", { next });
  const sent: unknown = JSON.parse(JSON.stringify({ kind: "failed", error: serializeError(error) }));
  const report = refreshReport.parse(sent);
  expect(report.kind === "failed" && deserializeError(report.error).next).toEqual(next);
});
