import { expect, test } from "vitest";
import type { Credential } from "../../src/api/credential.ts";
import type { CredentialKind } from "../../src/shared/credential-kind.ts";
import { platformApi } from "../../src/api/dialect.ts";
import type { Home } from "../support/home.ts";
import { writeLogin } from "../support/home.ts";
import { modeRig, neverAborted, writePreference, writeCodexCliLogin } from "../support/modes.ts";
import { queryRig } from "../support/query-rig.ts";
import { simulate } from "../support/server.ts";
import type { Simulator } from "../simulator/index.ts";

const client = { userAgent: "codex-oauth/0.0.0 (test)", clientVersion: "0.169.0" };
const classic = { model: "m", reasoning: { summary: "auto" }, include: ["x"], stream: true };

interface Sent {
  select: (home: Home, simulator: Simulator) => void;
  /** Below the credential's `baseUrl`. */
  responses: string;
  models: string;
  headers: (credential: Credential) => object;
  body: object;
  takesSamplingParameters: boolean;
  replaceable: boolean;
}

const asChatgpt = {
  responses: "/codex/responses",
  models: "/codex/models?client_version=0.169.0",
  headers: ({ secret, accountId }: Credential) => ({
    authorization: `Bearer ${secret}`,
    "user-agent": client.userAgent,
    originator: "codex-oauth",
    "chatgpt-account-id": accountId,
    version: client.clientVersion,
  }),
  body: classic,
  takesSamplingParameters: false,
  replaceable: true,
};

/** What each kind sends: a fourth one adds its entry. */
const kinds: Readonly<Record<CredentialKind, Sent>> = {
  chatgpt: { ...asChatgpt, select: writeLogin },
  "codex-cli": {
    ...asChatgpt,
    select: (home, simulator) => {
      writeCodexCliLogin(home, simulator);
      writePreference(home, "codex-cli");
    },
  },
  "api-key": {
    select: (home) => {
      writePreference(home, "api-key");
    },
    responses: "/responses",
    models: "/models",
    headers: ({ secret }) => ({
      authorization: `Bearer ${secret}`,
      "user-agent": client.userAgent,
    }),
    body: { model: "m", stream: true, reasoning: { effort: "low" }, temperature: 0.5 },
    takesSamplingParameters: true,
    replaceable: false,
  },
};

test.each(Object.entries(kinds))("%s is asked in the dialect of its API", async (kind, sent) => {
  const { simulator, home, parts } = await modeRig();
  sent.select(home, simulator);
  const source = await parts.credentials.current();
  expect(source).toMatchObject({ kind, replaceable: sent.replaceable });
  const credential = await source.get(neverAborted);
  expect(credential).toMatchObject({ kind, baseUrl: source.baseUrl, api: source.api });
  const { api, baseUrl } = credential;
  expect(api.responsesUrl(baseUrl)).toBe(`${baseUrl}${sent.responses}`);
  expect(api.modelsUrl(baseUrl, client.clientVersion)).toBe(`${baseUrl}${sent.models}`);
  expect(api.headers(credential, client)).toEqual(sent.headers(credential));
  expect(api.body(classic, { effort: "low", temperature: 0.5 })).toEqual(sent.body);
  expect(api.takesSamplingParameters).toBe(sent.takesSamplingParameters);
});

test.each(Object.entries(kinds))(
  "%s is inspected as it would be used, and nothing is asked",
  async (kind, { select }) => {
    const { simulator, home, parts } = await modeRig();
    select(home, simulator);
    const source = await parts.credentials.current();
    const found = await source.inspect();
    expect(found).toMatchObject({ usable: true, trouble: undefined, credential: { kind } });
    expect(simulator.requests).toEqual([]);
    expect(await source.get(neverAborted)).toEqual(found.credential);
  },
);

test("the successor of a refused model keeps the temperature", async () => {
  const simulator = await simulate();
  simulator.switches.keyModels = ["gpt-4.1"];
  // Today's lists for keys name no successors; one that did would look like this.
  const api = { ...platformApi, name: "chatgpt" as const };
  simulator.always("key-models", {
    kind: "json",
    body: {
      models: [{ slug: "gpt-4", upgrade: { model: "gpt-4.1" } }, { slug: "gpt-4.1" }],
    },
  });
  const rig = queryRig({ simulator });
  rig.login = {
    ...rig.login,
    kind: "api-key",
    api,
    secret: simulator.issueKey(),
    baseUrl: simulator.apiBaseUrl,
  };
  const { reply } = rig.ask({ model: "gpt-4", temperature: 0.25 });
  expect((await reply).notices).toEqual(["gpt-4 was refused by the service; its successor gpt-4.1 answered."]);
  const sent = simulator.requests.filter(({ route }) => route === "key-responses");
  expect(sent.map(({ json }) => json)).toMatchObject([
    { model: "gpt-4", temperature: 0.25 },
    { model: "gpt-4.1", temperature: 0.25 },
  ]);
});

test.each([true, false])("an account with the claim (%s) says so, and only that one", async (fedramp) => {
  const { simulator, home, parts } = await modeRig({
    simulatorOptions: { account: { fedramp } },
  });
  writeLogin(home, simulator);
  await parts.client.query({ prompt: "hi" });
  const values = simulator.requests.map(({ headers }) => headers["x-openai-fedramp"]);
  expect(new Set(values)).toEqual(new Set([fedramp ? "true" : undefined]));
  writeCodexCliLogin(home, simulator);
  writePreference(home, "codex-cli");
  expect((await parts.client.query({ prompt: "hi" })).mode).toBe("codex-cli");
});
