import { expect, test } from "vitest";
import { createSession } from "../../../src/app/session.ts";
import type { TokenEndpoint } from "../../../src/auth/oauth/token-endpoint.ts";
import type { Reply } from "../../simulator/index.ts";
import { CodexError } from "../../../src/shared/errors.ts";
import { testPlatform } from "../../support/app.ts";
import { makeHome } from "../../support/home.ts";
import { failure } from "../../support/replies.ts";
import { simulate } from "../../support/server.ts";

const portal: Reply = { kind: "html", status: 200, headers: {}, body: "<p>Welcome to the hotel</p>" };

async function endpointRig(): Promise<{ endpoint: TokenEndpoint; simulator: Awaited<ReturnType<typeof simulate>> }> {
  const simulator = await simulate();
  const { endpoint } = createSession(testPlatform({ home: makeHome(), simulator }), undefined);
  return { endpoint, simulator };
}

test("a network's sign-in page in place of a refresh is BLOCKED, and its outcome unknown", async () => {
  const { endpoint, simulator } = await endpointRig();
  simulator.next("token:refresh", portal);
  expect(await endpoint.refresh("rt_some-refresh-token")).toMatchObject({
    kind: "unknown",
    error: { code: "BLOCKED", message: expect.stringContaining("captive portal") as string },
  });
});

test("a network's sign-in page is no revocation", async () => {
  const { endpoint, simulator } = await endpointRig();
  simulator.next("revoke", portal);
  expect((await failure(endpoint.revoke("rt_some-refresh-token"))).code).toBe("BLOCKED");
});

test("tokens count even where they are called a web page: they are all that is left of a spent one", async () => {
  const { endpoint, simulator } = await endpointRig();
  const body = JSON.stringify({ access_token: "at_1", refresh_token: "rt_1", id_token: "id_1" });
  simulator.next("token:refresh", { kind: "html", status: 200, headers: {}, body });
  expect(await endpoint.refresh("rt_some-refresh-token")).toMatchObject({ kind: "granted" });
});

const secret = "rt_CANARY_RT_7kJx92LmQpTzVw3B_Hs8dFgYc5Nn";

test.each([
  ["as the error", { error: secret }],
  ["in capitals", { error: { code: secret.toUpperCase(), message: "x" } }],
  ["in base64", { error: Buffer.from(secret).toString("base64url") }],
])("a token that the server gives back %s is in no error", async (_, body) => {
  const { endpoint, simulator } = await endpointRig();
  for (const status of [400, 401]) {
    simulator.next("token:refresh", { kind: "json", status, body });
    const outcome = await endpoint.refresh(secret);
    const text = JSON.stringify(outcome, (_key, value: unknown) =>
      value instanceof CodexError ? [value.code, value.message, value.details] : value,
    ).toLowerCase();
    expect(text).not.toContain("canary");
    expect(text).not.toContain(Buffer.from(secret).toString("base64url").slice(0, 12).toLowerCase());
  }
  simulator.next("token:exchange", { kind: "json", status: 400, body });
  const request = { code: "ac_1", redirectUri: "http://localhost:1455/auth/callback", codeVerifier: "v" };
  const error = await failure(endpoint.exchangeCode(request, new AbortController().signal));
  expect(error.details.why).toBe("It answered HTTP 400.");
});
