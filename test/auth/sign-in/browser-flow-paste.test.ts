import { expect, test } from "vitest";
import { CodexError } from "../../../src/shared/errors.ts";
import { deferred } from "../../../src/platform/promises.ts";
import type { BrowserLogin } from "../../../src/auth/sign-in/login-attempt.ts";
import { expectPortFree } from "../../support/callback.ts";
import { emptyLogin, flowRig, type FlowRig } from "../../support/login-rig.ts";
import { sendRaw } from "../../support/raw-http.ts";
import { renderNext } from "../../../src/render/next-step.ts";

/** A login whose approval was given in a browser that cannot come back. */
async function approved(rig: FlowRig) {
  const pending = await rig.flow.begin();
  const url = new URL(await rig.simulator.authorize(pending.authorizationUrl));
  const code = url.searchParams.get("code") ?? "";
  const state = url.searchParams.get("state") ?? "";
  return { pending, url, code, state };
}

/** What `finish` rejects with, or undefined. */
async function refusalOf(pending: BrowserLogin, pasted: string): Promise<CodexError | undefined> {
  try {
    await pending.finish(pasted);
    return undefined;
  } catch (error) {
    return error as CodexError;
  }
}

test.each(["the URL", "its query", "its query without the mark", "code#state", "the bare code"])(
  "%s, pasted, signs in with one exchange and frees the port",
  async (form) => {
    const rig = await flowRig();
    const { pending, url, code, state } = await approved(rig);
    const pasted = {
      "the URL": url.href,
      "its query": url.search,
      "its query without the mark": url.search.slice(1),
      "code#state": `${code}#${state}`,
      "the bare code": code,
    }[form];
    await pending.finish(pasted ?? "");
    expect(await pending.completed).toBe(emptyLogin);
    expect(rig.simulator.stats).toMatchObject({ exchanges: 1, usedCodeAttempts: 0 });
    await expectPortFree(Number(url.port));
    expect(rig.clock.pending).toBe(0);
  },
);

test.each([
  [
    "a wrong state",
    (good: URL) => {
      good.searchParams.set("state", "x".repeat(43));
    },
  ],
  [
    "no state",
    (good: URL) => {
      good.searchParams.delete("state");
    },
  ],
  [
    "two states",
    (good: URL) => {
      good.searchParams.append("state", "x");
    },
  ],
  [
    "two codes",
    (good: URL) => {
      good.searchParams.append("code", "ac_other_code_12345");
    },
  ],
  [
    "another issuer",
    (good: URL) => {
      good.searchParams.set("iss", "https://evil.test");
    },
  ],
])("an answer with %s is BAD_REQUEST and changes nothing", async (_, spoil) => {
  const rig = await flowRig();
  const { pending, url } = await approved(rig);
  const bad = new URL(url);
  spoil(bad);
  const refusal = await refusalOf(pending, bad.href);
  expect(refusal?.code).toBe("BAD_REQUEST");
  expect(refusal && renderNext(refusal, "mcp")).toContain("callback_url");
  expect(rig.simulator.stats.exchanges).toBe(0);
  expect((await sendRaw(Number(url.port), `${url.pathname}${url.search}`)).status).toBe(200);
  await pending.completed;
});

test.each(["", "done", "http://localhost:1455/auth/callback", "code=", "#"])(
  'the text "%s" is BAD_REQUEST and is not repeated',
  async (text) => {
    const rig = await flowRig();
    const { pending } = await approved(rig);
    expect(await refusalOf(pending, text)).toMatchObject({ code: "BAD_REQUEST" });
    pending.cancel("done");
  },
);

test.each([
  ["the state alone", ({ state }: { state: string }) => state],
  ["a sentence", () => "hello world this is a sentence"],
  ["a token", () => "eyJhbGciOiJSUzI1NiJ9.abc.def"],
  ["an API key", () => "sk-proj-abcdefghijklmnop1234567890abcdefgh"],
])("%s is not sent to the issuer as a code, and the sign-in goes on waiting", async (_, paste) => {
  const rig = await flowRig();
  const answer = await approved(rig);
  expect((await refusalOf(answer.pending, paste(answer)))?.code).toBe("BAD_REQUEST");
  expect(rig.simulator.stats.exchanges).toBe(0);
  await answer.pending.finish(answer.url.href);
  expect(await answer.pending.completed).toBe(emptyLogin);
});

test("the right issuer may stand in what is pasted", async () => {
  const rig = await flowRig();
  const { pending, url } = await approved(rig);
  url.searchParams.set("iss", rig.simulator.issuer);
  await pending.finish(url.href);
  expect(await pending.completed).toBe(emptyLogin);
});

test("a pasted refusal ends the login as the callback's would", async () => {
  const rig = await flowRig();
  const pending = await rig.flow.begin();
  await pending.finish(await rig.simulator.authorize(pending.authorizationUrl, "deny"));
  await expect(pending.completed).rejects.toMatchObject({
    code: "AUTH_DENIED",
    details: { why: expect.stringContaining("access_denied") as string },
  });
  expect(rig.simulator.stats.exchanges).toBe(0);
});

test("a refusal with a wrong state cannot end it", async () => {
  const rig = await flowRig();
  const { pending, url } = await approved(rig);
  expect((await refusalOf(pending, "?error=access_denied&state=guessed"))?.code).toBe("BAD_REQUEST");
  await pending.finish(url.href);
  await pending.completed;
});

test("the bare code of another login is refused by the server: PKCE binds it, and the sign-in goes on waiting", async () => {
  const rig = await flowRig();
  const [own, other] = [await approved(rig), await approved(rig)];
  const refusal = await refusalOf(own.pending, other.code);
  expect(refusal).toMatchObject({
    code: "BAD_REQUEST",
    message: expect.stringContaining("refused the code") as string,
  });
  expect(refusal?.details.why).toContain("the sign-in goes on waiting");
  expect(rig.saved).toEqual([]);
  other.pending.cancel("done");
  await own.pending.finish(own.url.href);
  expect(await own.pending.completed).toBe(emptyLogin);
});

test("after a wrong bare code the sign-in still ends after its ten minutes", async () => {
  const rig = await flowRig();
  const { pending } = await approved(rig);
  await rig.clock.advance(60_000);
  expect((await refusalOf(pending, "ac_nobodys_code_of_all"))?.code).toBe("BAD_REQUEST");
  await rig.clock.advance(9 * 60_000 - 1);
  expect(rig.clock.pending).toBe(1);
  await rig.clock.advance(1);
  await expect(pending.completed).rejects.toMatchObject({ code: "LOGIN_TIMEOUT" });
});

test("a bare code that the server can't be asked about leaves the sign-in waiting, and the reason is told", async () => {
  const rig = await flowRig();
  const { pending, url, code } = await approved(rig);
  rig.simulator.next("token:exchange", { kind: "json", status: 503, body: {} });
  expect((await refusalOf(pending, code))?.code).toBe("UPSTREAM");
  await pending.finish(url.href);
  expect(await pending.completed).toBe(emptyLogin);
});

test("a callback that comes while a wrong bare code is tried signs in", async () => {
  const rig = await flowRig();
  const { pending, url } = await approved(rig);
  const gate = deferred<undefined>();
  rig.simulator.next("token:exchange", { kind: "default", beforeCommit: gate.promise });
  const refusal = refusalOf(pending, "ac_nobodys_code_of_all");
  await rig.simulator.waitForRequest("token:exchange");
  const page = sendRaw(Number(url.port), `${url.pathname}${url.search}`);
  gate.resolve(undefined);
  expect((await refusal)?.code).toBe("BAD_REQUEST");
  expect((await page).status).toBe(200);
  expect(await pending.completed).toBe(emptyLogin);
});

test("two bare codes at once are exchanged one after the other, and the second counts if the first is wrong", async () => {
  const rig = await flowRig();
  const { pending, code } = await approved(rig);
  const refusals = await Promise.all([refusalOf(pending, "ac_nobodys_code_of_all"), refusalOf(pending, code)]);
  expect(refusals.map((refusal) => refusal?.code)).toEqual(["BAD_REQUEST", undefined]);
  expect(await pending.completed).toBe(emptyLogin);
});

test("a bare code whose tokens can't be saved ends the sign-in, as a pasted URL would", async () => {
  const rig = await flowRig({ save: () => Promise.reject(new CodexError("STORAGE", "The disk is full.")) });
  const { pending, code } = await approved(rig);
  expect(await refusalOf(pending, code)).toBeUndefined();
  await expect(pending.completed).rejects.toMatchObject({ code: "STORAGE" });
});

test("tokens for a bare code that come after a cancel are revoked", async () => {
  const rig = await flowRig();
  const { pending, code } = await approved(rig);
  const gate = deferred<undefined>();
  rig.simulator.next("token:exchange", { kind: "default", afterCommit: gate.promise });
  const refusal = refusalOf(pending, code);
  await rig.simulator.waitForRequest("token:exchange");
  pending.cancel("Enough.");
  expect(await refusal).toBeUndefined();
  await expect(pending.completed).rejects.toMatchObject({ code: "CANCELLED" });
  gate.resolve(undefined);
  await rig.orphanedTokens.settled();
  expect(rig.simulator.requests.filter(({ route }) => route === "revoke")).toHaveLength(1);
  expect(rig.saved).toEqual([]);
});

test.each(["the callback", "the paste"])(
  "when %s comes first and the other follows, there is one exchange",
  async (first) => {
    const rig = await flowRig();
    const { pending, url } = await approved(rig);
    const gate = deferred<undefined>();
    rig.simulator.next("token:exchange", { kind: "default", beforeCommit: gate.promise });
    const visit = () => sendRaw(Number(url.port), `${url.pathname}${url.search}`);
    if (first === "the paste") await pending.finish(url.href);
    const page = visit();
    await rig.simulator.waitForRequest("token:exchange");
    await pending.finish(url.href);
    await pending.finish(url.searchParams.get("code") ?? "");
    gate.resolve(undefined);
    expect(await pending.completed).toBe(emptyLogin);
    // After a paste the listener may close before the browser has connected.
    if (first === "the callback") expect((await page).status).toBe(200);
    else await page.catch(() => undefined);
    expect(rig.simulator.stats).toMatchObject({ exchanges: 1, usedCodeAttempts: 0 });
  },
);

test("a paste after the end of the login exchanges nothing", async () => {
  const rig = await flowRig();
  const { pending, url } = await approved(rig);
  pending.cancel("Enough.");
  await pending.finish(url.href);
  await expect(pending.completed).rejects.toMatchObject({ code: "CANCELLED" });
  expect(rig.simulator.stats.exchanges).toBe(0);
});

test("a pasted code stands in no log and no error", async () => {
  const rig = await flowRig();
  const { pending, state } = await approved(rig);
  const code = "a-pasted-code-of-no-known-shape";
  rig.simulator.next("token:exchange", {
    kind: "json",
    status: 400,
    body: { error: `rejected-${code}` },
  });
  await pending.finish(`${code}#${state}`);
  await expect(pending.completed).rejects.toMatchObject({ code: "AUTH_DENIED" });
  expect(rig.logged.join("\n")).toContain("sign-in failed");
  expect(rig.logged.join("\n")).not.toContain(code);
});
