import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";

import { startSimulator, type Simulator } from "./index.ts";
import { ask, postForm, postJson, refresh } from "./test-client.ts";

let sim: Simulator;
beforeAll(async () => {
  sim = await startSimulator();
});
beforeEach(() => {
  sim.reset();
});
afterAll(() => sim.close());

const CLIENT_ID = "app_EMoamEEZ73f0CkXaXp7hrann";

async function fields(response: Response): Promise<Record<string, unknown>> {
  return (await response.json()) as Record<string, unknown>;
}

test("a refresh rotates the token, as JSON and as a form", async () => {
  const first = sim.issueTokens();
  const second = await fields(await refresh(sim, first.refreshToken));
  expect(second["refresh_token"]).toMatch(/^rt_CANARY_RT_\d+_/);
  expect(second["refresh_token"]).not.toBe(first.refreshToken);
  expect(second["id_token"]).toMatch(/^eyJ/);
  const third = await postForm(sim, {
    grant_type: "refresh_token",
    client_id: CLIENT_ID,
    refresh_token: String(second["refresh_token"]),
  });
  expect(third.status).toBe(200);
  expect(sim.stats).toMatchObject({ refreshes: 2, replays: 0 });
});

test("a replayed refresh token is counted, refused, and ends the family", async () => {
  const { refreshToken, accessToken } = sim.issueTokens();
  const { refresh_token: current } = await fields(await refresh(sim, refreshToken));
  const replay = await refresh(sim, refreshToken);
  expect(replay.status).toBe(401);
  expect(await fields(replay)).toEqual({
    error: {
      message: "Your refresh token has already been used to generate a new access token. Please try signing in again.",
      type: "invalid_request_error",
      param: null,
      code: "refresh_token_reused",
    },
  });
  expect(sim.stats).toMatchObject({ refreshes: 1, replays: 1 });
  expect(sim.family(accessToken)).toEqual({ current, revoked: true });
  const last = await refresh(sim, String(current));
  expect(await last.text()).toContain("refresh_token_invalidated");
});

test("a replay leaves the access token good until it expires", async () => {
  const tokens = sim.issueTokens();
  await refresh(sim, tokens.refreshToken);
  await refresh(sim, tokens.refreshToken);
  expect((await ask(sim, { tokens })).status).toBe(200);
});

test("of two refreshes at once one is a replay", async () => {
  const { refreshToken } = sim.issueTokens();
  const responses = await Promise.all([refresh(sim, refreshToken), refresh(sim, refreshToken)]);
  expect(responses.map((response) => response.status).sort()).toEqual([200, 401]);
});

test("refuses an empty and an unknown refresh token, and another client", async () => {
  expect((await refresh(sim, "")).status).toBe(400);
  expect(await fields(await refresh(sim, "rt_unknown"))).toMatchObject({ error: "invalid_grant" });
  const body = { grant_type: "refresh_token", client_id: "app_other", refresh_token: "rt_unknown" };
  expect((await postJson(`${sim.issuer}/oauth/token`, body)).status).toBe(401);
});

test("an access token is no refresh token", async () => {
  expect((await refresh(sim, sim.issueTokens().accessToken)).status).toBe(400);
});

test("switches turn rotation off and leave the id_token out", async () => {
  await using plain = await startSimulator({
    switches: { rotateRefreshTokens: false, omitIdTokenOnRefresh: true },
  });
  const { refreshToken } = plain.issueTokens();
  const first = await fields(await refresh(plain, refreshToken));
  expect(first).toMatchObject({ refresh_token: refreshToken });
  expect(first).not.toHaveProperty("id_token");
  expect((await refresh(plain, refreshToken)).status).toBe(200);
});

test("revocation ends a login, its access token included", async () => {
  const tokens = sim.issueTokens();
  const response = await postJson(`${sim.issuer}/oauth/revoke`, {
    token: tokens.refreshToken,
    token_type_hint: "refresh_token",
    client_id: CLIENT_ID,
  });
  expect(response.status).toBe(200);
  expect(sim.stats.revocations).toBe(1);
  expect(await (await ask(sim, { tokens })).text()).toContain("token_revoked");
  expect((await refresh(sim, tokens.refreshToken)).status).toBe(401);
});

test("revocation of an unknown token is no error, a form is one", async () => {
  const url = `${sim.issuer}/oauth/revoke`;
  expect((await postJson(url, { token: "rt_x", token_type_hint: "access_token" })).status).toBe(200);
  const form = new URLSearchParams({ token: "rt_x" });
  expect((await fetch(url, { method: "POST", body: form })).status).toBe(400);
  expect(sim.stats.revocations).toBe(0);
});

test("issued tokens can be expired, without exp, and of another account", async () => {
  const expired = sim.issueTokens({ accessExpiresInMs: -1 });
  expect(await (await ask(sim, { tokens: expired })).text()).toContain("token_expired");
  const { accessToken } = sim.issueTokens({ withoutExp: true });
  const payload = Buffer.from(accessToken.split(".")[1] ?? "", "base64url").toString("utf8");
  expect(JSON.parse(payload)).not.toHaveProperty("exp");
  expect(sim.issueTokens({ account: { plan: "free" } }).plan).toBe("free");
});

test("revokeAccess and expireAccess turn a good token bad", async () => {
  const tokens = sim.issueTokens();
  sim.expireAccess(tokens.accessToken);
  expect(await (await ask(sim, { tokens })).text()).toContain("token_expired");
  sim.revokeAccess(tokens.accessToken);
  const refused = await ask(sim, { tokens });
  expect(refused.status).toBe(401);
  expect(await fields(refused)).toMatchObject({
    status: 401,
    error: { code: "token_invalidated" },
  });
  expect(() => {
    sim.revokeAccess("eyJ.never.issued");
  }).toThrow("never issued");
});
