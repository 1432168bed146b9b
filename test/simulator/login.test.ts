import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";

import { startSimulator, type Simulator } from "./index.ts";
import { approvedCode, beginLogin, postForm, postJson, refresh, type Changes } from "./test-client.ts";

let sim: Simulator;
beforeAll(async () => {
  sim = await startSimulator();
});
beforeEach(() => {
  sim.reset();
});
afterAll(() => sim.close());

interface TokenBody {
  access_token: string;
  refresh_token: string;
  id_token?: string;
  expires_in: number;
}

function claims(jwt: string): Record<string, unknown> {
  const payload = Buffer.from(jwt.split(".")[1] ?? "", "base64url").toString("utf8");
  return JSON.parse(payload) as Record<string, unknown>;
}

test.each<[string, Changes, string]>([
  ["another client", { client_id: "app_other" }, "client_id"],
  ["another response_type", { response_type: "token" }, "response_type"],
  ["the plain challenge method", { code_challenge_method: "plain" }, "code_challenge_method"],
  ["a short challenge", { code_challenge: "abc" }, "code_challenge"],
  ["a missing state", { state: undefined }, "state"],
  ["a state of 15 characters", { state: "x".repeat(15) }, "state"],
  ["a missing originator", { originator: undefined }, "originator"],
  ["another callback path", { redirect_uri: "http://localhost:1455/callback" }, "redirect_uri"],
  ["https", { redirect_uri: "https://localhost:1455/auth/callback" }, "redirect_uri"],
  ["another host", { redirect_uri: "http://localhost.evil.test:1455/auth/callback" }, "redirect_uri"],
  ["the numeric host", { redirect_uri: "http://127.0.0.1:1455/auth/callback" }, "redirect_uri"],
])("authorize shows a page and does not redirect for %s", async (_, changes, word) => {
  await expect(sim.authorize(beginLogin(sim, changes).url)).rejects.toThrow(word);
});

test("authorize refuses a parameter that stands twice", async () => {
  const { url, state } = beginLogin(sim);
  await expect(sim.authorize(`${url}&state=${state}`)).rejects.toThrow("state is given more than once");
});

test("authorize takes the numeric host when the switch is on", async () => {
  sim.switches.acceptLoopbackIpRedirect = true;
  const redirectUri = "http://127.0.0.1:1455/auth/callback";
  const location = await sim.authorize(beginLogin(sim, { redirect_uri: redirectUri }).url);
  sim.switches.acceptLoopbackIpRedirect = false;
  expect(location).toContain(`${redirectUri}?code=`);
});

test("authorize redirects with code, scope and the state as given", async () => {
  const login = beginLogin(sim);
  const { searchParams } = new URL(await sim.authorize(login.url));
  expect([...searchParams.keys()].sort()).toEqual(["code", "scope", "state"]);
  expect(searchParams.get("state")).toBe(login.state);
  expect(searchParams.get("code")).toMatch(/^ac_CANARY_CODE_\d+\./);
});

test("authorize redirects with invalid_scope for a scope of the API", async () => {
  const { url } = beginLogin(sim, { scope: "openid model.request" });
  expect(new URL(await sim.authorize(url)).searchParams.get("error")).toBe("invalid_scope");
});

test("authorize redirects with the error that the person's decision leads to", async () => {
  const denied = new URL(await sim.authorize(beginLogin(sim).url, "deny")).searchParams;
  expect(denied.get("error")).toBe("access_denied");
  const decision = { error: "access_denied", description: "missing_codex_entitlement" };
  const login = beginLogin(sim);
  const blocked = new URL(await sim.authorize(login.url, decision)).searchParams;
  expect(blocked.get("error_description")).toBe("missing_codex_entitlement");
  expect(blocked.get("state")).toBe(login.state);
});

test("authorize refuses a URL of somebody else", async () => {
  await expect(sim.authorize("https://evil.test/oauth/authorize")).rejects.toThrow(sim.issuer);
});

test("the exchange gives tokens whose claims name the account", async () => {
  const response = await postForm(sim, await approvedCode(sim));
  expect(response.status).toBe(200);
  const body = (await response.json()) as TokenBody;
  expect(body.expires_in).toBe(864_000);
  expect(claims(body.access_token)["jti"]).toMatch(/^CANARY_AT_\d+$/);
  const id = claims(body.id_token ?? "");
  expect(id["email"]).toBe(sim.account.email);
  expect(id["https://api.openai.com/auth"]).toMatchObject({
    chatgpt_account_id: sim.account.accountId,
    chatgpt_plan_type: "plus",
    organizations: [{ id: "org-simulated" }],
  });
  expect(sim.stats).toMatchObject({ exchanges: 1, refreshes: 0, usedCodeAttempts: 0 });
  expect(sim.secrets()).toContain(body.refresh_token);
});

test.each<[string, Changes, number, string]>([
  ["another redirect_uri", { redirect_uri: "http://127.0.0.1:40123/auth/callback" }, 400, "token_exchange_user_error"],
  ["a wrong verifier", { code_verifier: "v".repeat(43) }, 400, "invalid_grant"],
  ["a verifier of 42 characters", { code_verifier: "v".repeat(42) }, 400, "invalid_request"],
  ["a verifier of 129 characters", { code_verifier: "v".repeat(129) }, 400, "invalid_request"],
  ["a verifier with other characters", { code_verifier: "+".repeat(43) }, 400, "invalid_request"],
  ["no verifier", { code_verifier: undefined }, 400, "invalid_request"],
  ["an unknown code", { code: "ac_nobody.knows" }, 400, "invalid_grant"],
  ["another client", { client_id: "app_other" }, 401, "invalid_client"],
  ["another grant", { grant_type: "password" }, 400, "unsupported_grant_type"],
])("the exchange refuses %s", async (_, changes, status, code) => {
  const response = await postForm(sim, { ...(await approvedCode(sim)), ...changes });
  expect(response.status).toBe(status);
  expect(await response.text()).toContain(code);
  expect(sim.stats.exchanges).toBe(0);
});

test("the exchange refuses JSON", async () => {
  const response = await postJson(`${sim.issuer}/oauth/token`, await approvedCode(sim));
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({ error: { code: "token_exchange_user_error" } });
});

test("a code of another login does not go with this verifier", async () => {
  const [mine, other] = [await approvedCode(sim), await approvedCode(sim)];
  const response = await postForm(sim, { ...mine, code: other["code"] });
  expect(await response.json()).toMatchObject({ error: "invalid_grant" });
});

test("a second use of a code is counted, refused, and ends the login that it made", async () => {
  const fields = await approvedCode(sim);
  const body = (await (await postForm(sim, fields)).json()) as TokenBody;
  const again = await postForm(sim, fields);
  expect([again.status, await again.json()]).toMatchObject([400, { error: "invalid_grant" }]);
  expect(sim.stats.usedCodeAttempts).toBe(1);
  expect(sim.family(body.refresh_token)).toMatchObject({ revoked: true });
  expect(await (await refresh(sim, body.refresh_token)).text()).toContain("refresh_token_invalidated");
});

test("a code expires after ten minutes", async () => {
  let now = 1_795_000_000_000;
  await using clocked = await startSimulator({ now: () => now });
  const fields = await approvedCode(clocked);
  now += 10 * 60 * 1000;
  expect((await postForm(clocked, fields)).status).toBe(400);
});

test("signIn goes to the client's callback and gives back its page", async () => {
  const seen: string[] = [];
  const callback = createServer((request, response) => {
    seen.push(`${request.headers.host ?? ""} ${request.url ?? ""}`);
    response.writeHead(200, { connection: "close" }).end("signed in");
  });
  await new Promise<void>((resolve) => callback.listen(0, "127.0.0.1", resolve));
  const { port } = callback.address() as AddressInfo;
  const login = beginLogin(sim, { redirect_uri: `http://localhost:${String(port)}/auth/callback` });
  const page = await sim.signIn(login.url);
  callback.close();
  expect(page).toMatchObject({ status: 200, body: "signed in" });
  expect(seen).toHaveLength(1);
  expect(seen[0]).toContain(`localhost:${String(port)} /auth/callback?code=ac_`);
});

test("signIn fails when nobody listens at the callback", async () => {
  const closed = createServer();
  await new Promise<void>((resolve) => closed.listen(0, "127.0.0.1", resolve));
  const { port } = closed.address() as AddressInfo;
  await new Promise((resolve) => closed.close(resolve));
  const login = beginLogin(sim, { redirect_uri: `http://localhost:${String(port)}/auth/callback` });
  await expect(sim.signIn(login.url)).rejects.toThrow();
});

test("the device login is pending until approved and brings its own verifier", async () => {
  const root = `${sim.issuer}/api/accounts/deviceauth`;
  const started = await postJson(`${root}/usercode`, { client_id: "app_EMoamEEZ73f0CkXaXp7hrann" });
  const { device_auth_id, user_code, interval } = (await started.json()) as Record<string, string>;
  expect(interval).toBe("5");
  const poll = (): Promise<Response> => postJson(`${root}/token`, { device_auth_id, user_code });

  const pending = await poll();
  expect(pending.status).toBe(403);
  expect(await pending.json()).toMatchObject({
    error: { code: "deviceauth_authorization_unknown" },
  });

  sim.approveDevice(user_code ?? "");
  const { authorization_code, code_verifier } = (await (await poll()).json()) as Changes;
  const exchanged = await postForm(sim, {
    grant_type: "authorization_code",
    client_id: "app_EMoamEEZ73f0CkXaXp7hrann",
    code: authorization_code,
    redirect_uri: `${sim.issuer}/deviceauth/callback`,
    code_verifier,
  });
  expect(exchanged.status).toBe(200);
  expect((await poll()).status).toBe(400);
});

test("a denied and an expired device login fail for good", async () => {
  let now = 1_795_000_000_000;
  await using clocked = await startSimulator({ now: () => now });
  const root = `${clocked.issuer}/api/accounts/deviceauth`;
  const start = async (): Promise<Record<string, string>> => {
    const response = await postJson(`${root}/usercode`, {
      client_id: "app_EMoamEEZ73f0CkXaXp7hrann",
    });
    return (await response.json()) as Record<string, string>;
  };
  const [denied, late] = [await start(), await start()];
  clocked.approveDevice(denied["user_code"] ?? "", "deny");
  expect(await (await postJson(`${root}/token`, denied)).text()).toContain("access_denied");
  now += 15 * 60 * 1000;
  expect(await (await postJson(`${root}/token`, late)).text()).toContain("deviceauth_expired");
});
