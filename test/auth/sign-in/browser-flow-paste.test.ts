import { expect, test } from "vitest";
import type { CodexError } from "../../../src/shared/errors.ts";
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

/** What `finish` throws, or undefined. */
function refusalOf(pending: BrowserLogin, pasted: string): CodexError | undefined {
  try {
    pending.finish(pasted);
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
    pending.finish(pasted ?? "");
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
  const refusal = refusalOf(pending, bad.href);
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
    expect(refusalOf(pending, text)).toMatchObject({ code: "BAD_REQUEST" });
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
  expect(refusalOf(answer.pending, paste(answer))?.code).toBe("BAD_REQUEST");
  expect(rig.simulator.stats.exchanges).toBe(0);
  answer.pending.finish(answer.url.href);
  expect(await answer.pending.completed).toBe(emptyLogin);
});

test("the right issuer may stand in what is pasted", async () => {
  const rig = await flowRig();
  const { pending, url } = await approved(rig);
  url.searchParams.set("iss", rig.simulator.issuer);
  pending.finish(url.href);
  expect(await pending.completed).toBe(emptyLogin);
});

test("a pasted refusal ends the login as the callback's would", async () => {
  const rig = await flowRig();
  const pending = await rig.flow.begin();
  pending.finish(await rig.simulator.authorize(pending.authorizationUrl, "deny"));
  await expect(pending.completed).rejects.toMatchObject({
    code: "AUTH_DENIED",
    details: { why: expect.stringContaining("access_denied") as string },
  });
  expect(rig.simulator.stats.exchanges).toBe(0);
});

test("a refusal with a wrong state cannot end it", async () => {
  const rig = await flowRig();
  const { pending, url } = await approved(rig);
  expect(refusalOf(pending, "?error=access_denied&state=guessed")?.code).toBe("BAD_REQUEST");
  pending.finish(url.href);
  await pending.completed;
});

test("the bare code of another login is refused by the server: PKCE binds it", async () => {
  const rig = await flowRig();
  const [own, other] = [await approved(rig), await approved(rig)];
  own.pending.finish(other.code);
  await expect(own.pending.completed).rejects.toMatchObject({ code: "AUTH_DENIED" });
  expect(rig.saved).toEqual([]);
  other.pending.cancel("done");
});

test.each(["the callback", "the paste"])(
  "when %s comes first and the other follows, there is one exchange",
  async (first) => {
    const rig = await flowRig();
    const { pending, url } = await approved(rig);
    const gate = deferred<undefined>();
    rig.simulator.next("token:exchange", { kind: "default", beforeCommit: gate.promise });
    const visit = () => sendRaw(Number(url.port), `${url.pathname}${url.search}`);
    if (first === "the paste") pending.finish(url.href);
    const page = visit();
    await rig.simulator.waitForRequest("token:exchange");
    pending.finish(url.href);
    pending.finish(url.searchParams.get("code") ?? "");
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
  pending.finish(url.href);
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
  pending.finish(`${code}#${state}`);
  await expect(pending.completed).rejects.toMatchObject({ code: "AUTH_DENIED" });
  expect(rig.logged.join("\n")).toContain("sign-in failed");
  expect(rig.logged.join("\n")).not.toContain(code);
});
