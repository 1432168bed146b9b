import { expect, test } from "vitest";
import type { CodexErrorCode } from "../../../src/shared/errors.ts";
import { oauthErrorBody, tokenExchangeErrorBody, type Reply } from "../../simulator/index.ts";
import { expectPortFree, reasonOf } from "../../support/callback.ts";
import { flowRig, type FlowRig } from "../../support/login-rig.ts";
import { sendRaw } from "../../support/raw-http.ts";

/** The reason that a person sees: the page's paragraphs. */
async function begin({ flow }: FlowRig) {
  const pending = await flow.begin();
  return { pending, port: Number(new URL(pending.redirectUri).port) };
}

const badExchanges: [string, Reply, CodexErrorCode, string][] = [
  [
    "refuses the code",
    { kind: "json", status: 400, body: oauthErrorBody("invalid_grant", "Invalid code") },
    "AUTH_DENIED",
    "invalid_grant",
  ],
  [
    "refuses in its own form",
    { kind: "json", status: 400, body: tokenExchangeErrorBody("No.") },
    "AUTH_DENIED",
    "token_exchange_user_error",
  ],
  ["fails", { kind: "json", status: 500, body: { error: "server_error" } }, "UPSTREAM", "500"],
  ["is blocked", { kind: "html" }, "BLOCKED", "Cloudflare"],
  [
    "is kept off by a company's page",
    { kind: "html", status: 403, headers: { "content-type": "text/html" }, body: "<p>No" },
    "BLOCKED",
    "something on the way",
  ],
  [
    "is not offered here",
    {
      kind: "json",
      status: 403,
      body: { error: { code: "unsupported_country_region_territory", message: "No." } },
    },
    "BLOCKED",
    "not offered where",
  ],
  [
    "is challenged without a page",
    { kind: "json", status: 403, body: {}, headers: { "cf-mitigated": "challenge" } },
    "BLOCKED",
    "Cloudflare",
  ],
  ["answers with a page", { kind: "html", status: 200, headers: {}, body: "<p>hi</p>" }, "BLOCKED", "captive portal"],
  ["redirects", { kind: "redirect", status: 307, location: "https://evil.test/" }, "UPSTREAM", "redirect"],
  ["gives no refresh token", { kind: "json", body: { access_token: "at_x", id_token: "x.y.z" } }, "PROTOCOL", "form"],
  ["breaks the connection", { kind: "reset" }, "NETWORK", "connection"],
  ["asks to slow down", { kind: "json", status: 429, body: {} }, "RATE_LIMITED", "slow down"],
];

test.each(badExchanges)("a token endpoint that %s ends the login with a reason", async (_, reply, code, word) => {
  const rig = await flowRig();
  rig.simulator.next("token:exchange", reply);
  const { pending, port } = await begin(rig);
  const page = await rig.simulator.signIn(pending.authorizationUrl);
  expect(page.status).toBe(400);
  expect(page.body).toContain("Sign-in failed");
  expect(reasonOf(page.body)).toContain(word);
  expect(reasonOf(page.body).length).toBeLessThan(500);
  await expect(pending.completed).rejects.toMatchObject({ code });
  expect(rig.saved).toEqual([]);
  await expectPortFree(port);
  const exchanges = rig.simulator.requests.filter(({ route }) => route === "token:exchange");
  expect(exchanges).toHaveLength(1);
});

test("a token endpoint that never answers is waited for 15 s", async () => {
  const rig = await flowRig();
  rig.simulator.next("token:exchange", { kind: "hang" });
  const { pending, port } = await begin(rig);
  const page = rig.simulator.signIn(pending.authorizationUrl);
  const exchange = await rig.simulator.waitForRequest("token:exchange");
  await rig.clock.advance(14_999);
  expect(exchange.closedBy).toBeUndefined();
  await rig.clock.advance(1);
  await expect(pending.completed).rejects.toMatchObject({ code: "TIMEOUT" });
  expect(reasonOf((await page).body)).toContain("15 s");
  await expectPortFree(port);
});

test("an exchange that takes longer than the login's ten minutes left still counts", async () => {
  const rig = await flowRig();
  const { pending } = await begin(rig);
  await rig.clock.advance(10 * 60_000 - 1);
  let answer: (value: undefined) => void = () => undefined;
  const beforeCommit = new Promise<undefined>((resolve) => (answer = resolve));
  rig.simulator.next("token:exchange", { kind: "default", beforeCommit });
  const page = rig.simulator.signIn(pending.authorizationUrl);
  await rig.simulator.waitForRequest("token:exchange");
  await rig.clock.advance(5_000);
  answer(undefined);
  expect((await page).status).toBe(200);
  await pending.completed;
});

test("a token endpoint that quotes the code it was sent does not get it onto the page", async () => {
  const rig = await flowRig();
  const { pending, port } = await begin(rig);
  const code = "a-code-of-no-known-shape";
  const body = { error: `rejected-${code}` };
  rig.simulator.next("token:exchange", { kind: "json", status: 400, body });
  const state = new URL(pending.authorizationUrl).searchParams.get("state") ?? "";
  const page = await sendRaw(port, `/auth/callback?code=${code}&state=${state}`);
  expect(reasonOf(page.body)).toContain("It answered HTTP 400.");
  expect(page.body).not.toContain("rejected-");
  expect(page.body).not.toContain(code);
  expect(rig.logged.join("\n")).not.toContain(code);
  await expect(pending.completed).rejects.toMatchObject({ code: "AUTH_DENIED" });
});

test.each([
  ["without an ID token", { access_token: "at_x", refresh_token: "rt_granted" }],
  [
    "with an access token that no header takes",
    { access_token: "at\nx", refresh_token: "rt_granted", id_token: "x.y.z" },
  ],
])("a grant %s is of no use, and what it brought is given back", async (_, body) => {
  const rig = await flowRig();
  rig.simulator.next("token:exchange", { kind: "json", body });
  const { pending } = await begin(rig);
  await rig.simulator.signIn(pending.authorizationUrl);
  await expect(pending.completed).rejects.toMatchObject({ code: "PROTOCOL" });
  await rig.orphanedTokens.settled();
  const revoked = rig.simulator.requests.filter(({ route }) => route === "revoke");
  expect(revoked.map(({ json }) => json)).toEqual([
    expect.objectContaining({ token: "rt_granted", token_type_hint: "refresh_token" }),
  ]);
  expect(rig.saved).toEqual([]);
});
