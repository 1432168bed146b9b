import { expect, test } from "vitest";
import { expectPortFree, reasonOf } from "../../support/callback.ts";
import { flowRig, type FlowRig } from "../../support/login-rig.ts";
import { sendRaw } from "../../support/raw-http.ts";

/** The reason that a person sees: the page's paragraphs. */
async function begin({ flow }: FlowRig) {
  const pending = await flow.begin();
  return { pending, port: Number(new URL(pending.redirectUri).port) };
}

test("a refusal by the person is AUTH_DENIED, on the page, too", async () => {
  const rig = await flowRig();
  const { pending, port } = await begin(rig);
  const page = await rig.simulator.signIn(pending.authorizationUrl, "deny");
  expect(page.status).toBe(400);
  expect(reasonOf(page.body)).toContain("access_denied");
  expect(reasonOf(page.body)).toContain("start the sign-in again");
  await expect(pending.completed).rejects.toMatchObject({ code: "AUTH_DENIED" });
  await expectPortFree(port);
  expect(rig.simulator.stats.exchanges).toBe(0);
});

test("a workspace without Codex is said to be one, with who can help", async () => {
  const rig = await flowRig();
  const { pending } = await begin(rig);
  const description = "missing_codex_entitlement";
  const page = await rig.simulator.signIn(pending.authorizationUrl, {
    error: "access_denied",
    description,
  });
  expect(reasonOf(page.body)).toContain("administrator");
  expect(reasonOf(page.body)).not.toContain(description);
  await expect(pending.completed).rejects.toMatchObject({
    code: "AUTH_DENIED",
    details: { why: expect.stringContaining("workspace") as string },
  });
});

test.each([
  ["markup", '<script>alert(1)</script>"><img src=x onerror=alert(1)>'],
  ["terminal escapes", "\u001b[31mred\u001b]0;title\u0007\u009b1m"],
  ["line breaks", "one\r\n[OAUTH] forged line\ntwo\u2028three"],
  ["text that runs backwards", "\u202edesrever\u2066x\u2069"],
  ["12,000 characters", "A".repeat(12_000)],
  ["12,000 emoji", "😀".repeat(3_000)],
  ["half an emoji", "\ud83d"],
])("a description with %s is shown as short, plain text", async (_, description) => {
  const rig = await flowRig();
  const { pending } = await begin(rig);
  const query = new URL(pending.authorizationUrl).searchParams;
  const parameters = { error: "x<y>", error_description: description };
  const search = new URLSearchParams({ ...parameters, state: query.get("state") ?? "" });
  const { port, pathname } = new URL(pending.redirectUri);
  const page = await sendRaw(Number(port), `${pathname}?${search.toString()}`);
  expect(page.status).toBe(400);
  expect(page.body).not.toMatch(/<(script|img)/);

  const error = (await pending.completed.catch((thrown: unknown) => thrown)) as {
    details: { why: string };
  };
  const { why } = error.details;
  expect(why).toContain('says "xy"');
  expect(why.length).toBeLessThan(300);
  // eslint-disable-next-line no-control-regex -- these must be gone
  expect(why).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/);
  expect(why.isWellFormed()).toBe(true);
  expect(rig.logged.join("")).not.toContain(description);
});

test("a description that quotes the login's secrets shows none of them", async () => {
  const rig = await flowRig();
  const { pending } = await begin(rig);
  const answer = new URL(await rig.simulator.authorize(pending.authorizationUrl));
  const code = answer.searchParams.get("code") ?? "";
  const state = answer.searchParams.get("state") ?? "";
  answer.searchParams.set("error", "server_error");
  answer.searchParams.set("error_description", `for code=${code}&state=${state}, rt_ABCDEFGH12345`);
  const page = await sendRaw(Number(answer.port), `${answer.pathname}${answer.search}`);
  expect(reasonOf(page.body)).toContain("server_error");
  for (const secret of [code, state, "ABCDEFGH"]) expect(page.text).not.toContain(secret);
  expect(rig.logged.join("\n")).not.toContain(code);
  await expect(pending.completed).rejects.toMatchObject({ code: "AUTH_DENIED" });
});

test("a wrong error, code or issuer cannot end a login that waits", async () => {
  const rig = await flowRig();
  const { pending, port } = await begin(rig);
  const good = new URL(await rig.simulator.authorize(pending.authorizationUrl));
  const attempts = [
    "?error=access_denied&state=guessed",
    "?error=access_denied",
    `?code=ac_guessed&state=${"x".repeat(43)}`,
    `${good.search}&iss=https%3A%2F%2Fevil.test`,
  ];
  for (const query of attempts) {
    expect((await sendRaw(port, `/auth/callback${query}`)).status, query).toBe(400);
  }
  const iss = encodeURIComponent(rig.simulator.issuer);
  const page = await sendRaw(port, `/auth/callback${good.search}&iss=${iss}`);
  expect(page.status).toBe(200);
  await pending.completed;
  expect(rig.simulator.stats.exchanges).toBe(1);
});
