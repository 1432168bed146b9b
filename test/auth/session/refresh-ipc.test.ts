import { expect, test } from "vitest";
import type { TokenSet } from "../../../src/auth/oauth/token-set.ts";
import { refreshReport } from "../../../src/auth/session/refresh-ipc.ts";

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
    JSON.parse(
      JSON.stringify({ kind: "unsaved", tokens, error: { code: "STORAGE", message: "full" } }),
    ),
  );

test("a login that could not be saved comes back whole: no other copy of it may be left", () => {
  expect(overTheChannel(login)).toMatchObject({ tokens: login });
});

test("a login without the fields that one may lack comes back without them", () => {
  const { workspaceOrigin: _, routingOverride: __, ...plain } = login;
  const bare = { ...plain, email: undefined, plan: undefined };
  expect(overTheChannel(bare)).toEqual(expect.objectContaining({ tokens: bare }));
});
