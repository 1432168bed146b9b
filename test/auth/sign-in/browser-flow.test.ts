import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { CodexError } from "../../../src/shared/errors.ts";
import { deferred } from "../../../src/platform/promises.ts";
import { expectPortFree } from "../../support/callback.ts";
import { emptyLogin, flowRig } from "../../support/login-rig.ts";
import { sendRaw } from "../../support/raw-http.ts";

function portOf(redirectUri: string): number {
  return Number(new URL(redirectUri).port);
}

/** Visit the redirect by hand, with other values than the authorization server gave. */
async function visit(location: string, changes: Record<string, string> = {}) {
  const url = new URL(location);
  for (const [name, value] of Object.entries(changes)) url.searchParams.set(name, value);
  return sendRaw(Number(url.port), `${url.pathname}${url.search}`);
}

test("asks for a code with exactly the parameters that the service knows", async () => {
  const { flow, simulator } = await flowRig();
  const pending = await flow.begin();
  const url = new URL(pending.authorizationUrl);
  expect(`${url.origin}${url.pathname}`).toBe(`${simulator.issuer}/oauth/authorize`);
  const { state, code_challenge: challenge, ...fixed } = Object.fromEntries(url.searchParams);
  expect(fixed).toEqual({
    response_type: "code",
    client_id: "app_EMoamEEZ73f0CkXaXp7hrann",
    redirect_uri: pending.redirectUri,
    code_challenge_method: "S256",
    scope: "openid profile email offline_access",
    id_token_add_organizations: "true",
    codex_cli_simplified_flow: "true",
    originator: "codex-oauth",
  });
  expect(pending.redirectUri).toMatch(/^http:\/\/localhost:\d+\/auth\/callback$/);
  expect(state).toMatch(/^[A-Za-z0-9_-]{43}$/);
  expect(challenge).toMatch(/^[A-Za-z0-9_-]{43}$/);
  pending.cancel("done");
});

test("exchanges the code as a form, with the verifier of its challenge, and shows success", async () => {
  const { flow, simulator, saved } = await flowRig();
  const pending = await flow.begin();
  const page = await simulator.signIn(pending.authorizationUrl);
  expect(page.status).toBe(200);
  expect(page.body).toContain("Signed in");
  expect(await pending.completed).toBe(emptyLogin);
  expect(saved).toHaveLength(1);

  const { form, headers } = await simulator.waitForRequest("token:exchange");
  expect(headers["content-type"]).toBe("application/x-www-form-urlencoded");
  expect([...(form?.keys() ?? [])].sort()).toEqual(
    ["client_id", "code", "code_verifier", "grant_type", "redirect_uri"].sort(),
  );
  expect(form?.get("redirect_uri")).toBe(pending.redirectUri);
  const digest = createHash("sha256").update(form?.get("code_verifier") ?? "", "ascii");
  const { searchParams } = new URL(pending.authorizationUrl);
  expect(digest.digest("base64url")).toBe(searchParams.get("code_challenge"));
  await expectPortFree(portOf(pending.redirectUri));
});

test("the browser sees success only after the tokens are saved", async () => {
  const gate = deferred<typeof emptyLogin>();
  const saving = deferred<undefined>();
  const { flow, simulator } = await flowRig({
    save: () => {
      saving.resolve(undefined);
      return gate.promise;
    },
  });
  const pending = await flow.begin();
  let answered = false;
  const page = simulator.signIn(pending.authorizationUrl).finally(() => (answered = true));
  await saving.promise;
  await sendRaw(portOf(pending.redirectUri), "/"); // an answer sent by now would have arrived, too
  expect(answered).toBe(false);
  gate.resolve(emptyLogin);
  expect((await page).status).toBe(200);
});

test("tokens that cannot be saved are a failed sign-in, with the reason", async () => {
  const error = new CodexError("STORAGE", "The disk is full.");
  const { flow, simulator } = await flowRig({ save: () => Promise.reject(error) });
  const pending = await flow.begin();
  const page = await simulator.signIn(pending.authorizationUrl);
  expect([page.status, page.body]).toEqual([400, expect.stringContaining("The disk is full.")]);
  await expect(pending.completed).rejects.toBe(error);
  await expectPortFree(portOf(pending.redirectUri));
});

test("logins at the same time have nothing in common and never mix", async () => {
  const { flow, simulator, saved } = await flowRig();
  const logins = await Promise.all(Array.from({ length: 4 }, () => flow.begin()));
  const urls = logins.map(({ authorizationUrl }) => new URL(authorizationUrl).searchParams);
  for (const name of ["state", "code_challenge", "redirect_uri"]) {
    expect(new Set(urls.map((query) => query.get(name))).size, name).toBe(logins.length);
  }
  // The state of one login means nothing to the listener of another one.
  const [first, second] = logins.map(({ authorizationUrl }) => authorizationUrl);
  const answer = new URL(await simulator.authorize(first ?? ""));
  answer.port = new URL(logins[1]?.redirectUri ?? "").port;
  expect((await visit(answer.href)).status).toBe(400);

  const pages = await Promise.all(logins.map(({ authorizationUrl }) => simulator.signIn(authorizationUrl)));
  expect(pages.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
  await Promise.all(logins.map(({ completed }) => completed));
  expect(saved).toHaveLength(4);
  expect(simulator.stats).toMatchObject({ exchanges: 4, usedCodeAttempts: 0 });
  expect(second).not.toBe(first);
});

test("a code of another sign-in, put under our state, is refused and nothing is stored", async () => {
  const { flow, simulator, saved } = await flowRig();
  const [victim, attacker] = [await flow.begin(), await flow.begin()];
  const stolen = new URL(await simulator.authorize(attacker.authorizationUrl)).searchParams;
  const own = await simulator.authorize(victim.authorizationUrl);
  const page = await visit(own, { code: stolen.get("code") ?? "" });
  expect(page.status).toBe(400);
  await expect(victim.completed).rejects.toMatchObject({ code: "AUTH_DENIED" });
  expect(saved).toEqual([]);
  expect(simulator.stats.exchanges).toBe(0);
  attacker.cancel("done");
});
