import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { expect, test } from "vitest";
import {
  codexHome,
  codexCliFile,
  modeRig,
  neverAborted,
  writePreference,
  writeCodexCliLogin,
} from "../support/modes.ts";
import { fakeClock } from "../support/fake-clock.ts";
import { failure } from "../support/replies.ts";
import { unsetVariables } from "../../src/shared/next-step.ts";
import { renderNext } from "../../src/render/next-step.ts";

async function guestRig(options: Parameters<typeof modeRig>[0] = {}) {
  const rig = await modeRig(options);
  writePreference(rig.home, "codex-cli");
  return rig;
}

const ask = (parts: Awaited<ReturnType<typeof guestRig>>["parts"]) => parts.client.query({ prompt: "hi" });

test("a guest asks with the official client's token and account, and says so", async () => {
  const { simulator, home, parts } = await guestRig();
  const issued = writeCodexCliLogin(home, simulator);
  expect(await ask(parts)).toMatchObject({
    mode: "codex-cli",
    text: "The simulator received: hi",
  });
  const request = simulator.requests.find(({ route }) => route === "responses");
  expect(request?.headers).toMatchObject({
    authorization: `Bearer ${issued.accessToken}`,
    "chatgpt-account-id": issued.accountId,
  });
});

test("the file is read anew for every question, and nothing is ever written or refreshed there", async () => {
  const { simulator, home, parts } = await guestRig();
  writeCodexCliLogin(home, simulator);
  const before = readFileSync(codexCliFile(home), "utf8");
  const { mtimeMs } = statSync(codexCliFile(home));
  await ask(parts);
  expect(readFileSync(codexCliFile(home), "utf8")).toBe(before);
  expect(statSync(codexCliFile(home)).mtimeMs).toBe(mtimeMs);
  expect(readdirSync(codexHome(home))).toEqual(["auth.json"]);
  const next = writeCodexCliLogin(home, simulator);
  await ask(parts);
  expect(simulator.requests.at(-1)?.headers["authorization"]).toBe(`Bearer ${next.accessToken}`);
  expect(simulator.requests.filter(({ server }) => server === "auth")).toEqual([]);
});

test("a token with a minute left has ended: AUTH_EXPIRED with both ways, and no request", async () => {
  const clock = fakeClock();
  const rig = await guestRig({ clock, simulatorOptions: { now: () => clock.now() } });
  writeCodexCliLogin(rig.home, rig.simulator, { accessExpiresInMs: 60_000 });
  const error = await failure(ask(rig.parts));
  expect(error.code).toBe("AUTH_EXPIRED");
  expect(renderNext(error, "mcp")).toMatch(/Open the Codex CLI once.*codex_login/);
  expect(rig.simulator.requests).toEqual([]);
  writeCodexCliLogin(rig.home, rig.simulator, { accessExpiresInMs: 62_000 });
  expect((await ask(rig.parts)).mode).toBe("codex-cli");
});

test("after a refusal the file is read once more: another token is used, the same one is AUTH_EXPIRED", async () => {
  const { simulator, home, parts } = await guestRig();
  const first = writeCodexCliLogin(home, simulator);
  await ask(parts); // the model list is known from now on
  simulator.revokeAccess(first.accessToken);
  const error = await failure(ask(parts));
  expect(error).toMatchObject({ code: "AUTH_EXPIRED" });
  expect(renderNext(error, "mcp")).toContain("Open the Codex CLI once");
  const sent = simulator.requests.filter(({ route }) => route === "responses");
  expect(sent).toHaveLength(2);

  simulator.next("responses", {
    kind: "default",
    adapt: (answer) => {
      writeCodexCliLogin(home, simulator); // the Codex CLI is opened meanwhile
      return answer;
    },
  });
  expect((await ask(parts)).text).toBe("The simulator received: hi");
  expect(simulator.requests.filter(({ server }) => server === "auth")).toEqual([]);
});

test.each([
  ["there is no file", undefined, "is not signed in here"],
  ["it is signed out", { tokens: null }, "is signed out"],
  ["it pays with a key", { auth_mode: null, OPENAI_API_KEY: "sk-key-of-the-cli" }, "pays with an API key"],
  ["it uses another mode", { auth_mode: "agentIdentity" }, "others cannot use"],
  ["the file is damaged", { tokens: [] }, "cannot be read"],
])("AUTH_REQUIRED with both ways when %s", async (_, file, words) => {
  const { simulator, home, parts } = await guestRig();
  if (file !== undefined) writeCodexCliLogin(home, simulator, { file });
  const error = await failure(ask(parts));
  expect(error.code).toBe("AUTH_REQUIRED");
  expect(error.message).toContain(words);
  expect(renderNext(error, "mcp")).toMatch(/Codex CLI \(codex login\).*codex_login/);
  expect(`${error.message} ${error.details.why}`).not.toContain("sk-key");
  expect(simulator.requests).toEqual([]);
});

test("a login without an account id anywhere is of no use", async () => {
  const { simulator, home, parts } = await guestRig();
  writeCodexCliLogin(home, simulator, {
    tokens: { account_id: null, id_token: "x", access_token: "opaque" },
  });
  expect((await failure(ask(parts))).message).toContain("names no account");
});

test("a link, a folder and a huge file are refused by name, with a remedy that is about that file", async () => {
  const { simulator, home, parts } = await guestRig();
  writeCodexCliLogin(home, simulator);
  const path = codexCliFile(home);
  const text = readFileSync(path, "utf8");
  const traps: (() => void)[] = [
    () => {
      writeFileSync(`${path}.real`, text);
      symlinkSync(`${path}.real`, path);
    },
    () => {
      mkdirSync(path);
    },
    () => {
      writeFileSync(path, text.padEnd(5 * 1024 * 1024));
    },
  ];
  for (const trap of traps) {
    rmSync(path, { recursive: true });
    trap();
    const error = await failure(ask(parts));
    expect(error.code).toBe("STORAGE");
    expect(error.message).toContain(path);
    expect(renderNext(error, "mcp")).toContain(path);
    expect(renderNext(error, "mcp")).not.toContain("CODEX_AUTH_FILE");
  }
  expect(simulator.requests).toEqual([]);
});

test("a file that others may read is still read, and its rights stay as they are", async () => {
  const { simulator, home, parts } = await guestRig();
  writeCodexCliLogin(home, simulator);
  chmodSync(codexCliFile(home), 0o644);
  await ask(parts);
  expect(lstatSync(codexCliFile(home)).mode & 0o777).toBe(0o644);
});

test.each([
  ["no provenance, at another origin than the standard one", {}, { oauth_provenance: undefined }],
  ["the provenance of another issuer", {}, { oauth_provenance: { issuer: "https://other.test" } }],
  ["the standard issuer at another API", {}, { oauth_provenance: undefined }],
  ["another issuer at the standard API", { CODEX_BASE_URL: "https://chatgpt.com/backend-api" }, {}],
])("a guest's tokens stay where they belong: %s", async (_, env, tokens) => {
  const { simulator, home, parts } = await guestRig({ env });
  writeCodexCliLogin(home, simulator, { tokens });
  const error = await failure(parts.credentials.get(neverAborted));
  expect(error.code).toBe("AUTH_REQUIRED");
  expect(error.message).toMatch(/^The Codex CLI's login is for .*, not for /);
  expect(error.next).toEqual([unsetVariables("CODEX_ISSUER", "CODEX_BASE_URL")]);
  expect(simulator.requests).toEqual([]);
});

test("with the standard origins a file without provenance is used there", async () => {
  const { simulator, home, parts } = await guestRig({
    env: {
      CODEX_ISSUER: "https://auth.openai.com",
      CODEX_BASE_URL: "https://chatgpt.com/backend-api",
    },
  });
  writeCodexCliLogin(home, simulator, { tokens: { oauth_provenance: undefined } });
  const { baseUrl, kind: mode } = await parts.credentials.get(neverAborted);
  expect({ baseUrl, mode }).toEqual({
    baseUrl: "https://chatgpt.com/backend-api",
    mode: "codex-cli",
  });
});
