import { describe, expect, test } from "vitest";
import { makeHome, writeLogin } from "../support/home.ts";
import { listen } from "../support/listener.ts";
import { simulate, startServer } from "../support/server.ts";

describe("a setting that cannot be used", () => {
  const needed = {
    origins: ["codex_query", "codex_login", "codex_models"],
    storage: ["codex_query", "codex_login", "codex_models", "codex_clear"],
    state: ["codex_query", "codex_models"],
    auth: ["codex_query", "codex_models"],
    ports: ["codex_login"],
  };

  test.each([
    ["CODEX_BASE_URL", "http://127.0.0.1.evil.test", "origins", /neither https:.*accepts an https: URL/s],
    ["CODEX_BASE_URL", "https://chatgpt.com@evil.test", "origins", /names a user.*accepts an https/s],
    ["CODEX_ISSUER", "file:///etc/passwd", "origins", /neither https:.*accepts an https: URL/s],
    ["CODEX_AUTH_FILE", "relative.json", "storage", /not an absolute path.*accepts an absolute path/s],
    ["CODEX_STATE_DIR", "../up", "state", /not an absolute path.*accepts an absolute path/s],
    ["CODEX_AUTH", "apikey", "auth", /neither chatgpt nor api-key.*accepts chatgpt or api-key/s],
    ["CODEX_API_BASE_URL", "https://evil.test", "origins", /not on this machine.*accepts a URL on/s],
    ["CODEX_CALLBACK_PORTS", "http", "ports", /not a list of port numbers.*accepts 1455 and 1457/s],
  ] as const)("%s=%s: the server starts, and what needs it answers CONFIG", async (name, value, area, words) => {
    const simulator = await simulate();
    const home = makeHome();
    writeLogin(home, simulator);
    const { call } = await startServer({ simulator, home, env: { [name]: value } });
    for (const tool of ["codex_query", "codex_login", "codex_models", "codex_clear"]) {
      const answer = await call(tool, tool === "codex_query" ? { prompt: "hi" } : {});
      if ((needed[area] as readonly string[]).includes(tool)) {
        expect(answer.text, tool).toMatch(new RegExp(`^CONFIG: ${name} cannot be used: `));
        expect(answer.text, tool).toMatch(words);
      } else {
        expect(answer.isError, tool).toBe(false);
      }
    }
    // The standard origin stands in for a bad one; even a health check must not ask it.
    const status = await call("codex_status", { verbose: area === "origins" });
    expect(status.isError).toBe(false);
    expect(status.text).toContain(`\nConfiguration:\n  CONFIG: ${name} cannot be used: `);
    // Signing out needs neither; its revocation is the one request that may go out.
    const mayRevoke = ["state", "auth"].includes(area);
    const asked = simulator.requests.filter(({ route }) => !mayRevoke || route !== "revoke");
    if (area !== "ports") expect(asked).toEqual([]);
  });

  test("that only has a default is named in the status and below each answer", async () => {
    const simulator = await simulate();
    const home = makeHome();
    writeLogin(home, simulator);
    const env = {
      CODEX_IDLE_TIMEOUT_MS: "abc",
      CODEX_MODEL: "x\r\ny: z",
      CODEX_REASONING_EFFORT: "9",
    };
    const { call } = await startServer({ simulator, home, env });
    const [answer, status] = [await call("codex_query", { prompt: "hi" }), await call("codex_status")];
    for (const name of Object.keys(env)) {
      expect(answer.text.split("\n").at(-1)).toContain(`${name} is not usable and was ignored`);
      expect(status.text).toContain(`\n  ${name} is not usable and was ignored`);
    }
    expect(answer.isError).toBe(false);
  });
});

test("a login is never sent to another origin than its own", async () => {
  const simulator = await simulate();
  const evil = await listen();
  for (const env of [
    { CODEX_BASE_URL: `${evil.url}/backend-api` },
    { CODEX_ISSUER: evil.url },
    { CODEX_BASE_URL: "https://evil.test" },
    { CODEX_ISSUER: "https://evil.test", CODEX_BASE_URL: "https://evil.test" },
  ]) {
    const home = makeHome();
    const value = env.CODEX_ISSUER ?? env.CODEX_BASE_URL;
    const own = env.CODEX_ISSUER === undefined ? new URL(simulator.baseUrl).origin : simulator.issuer;
    writeLogin(home, simulator, { accessExpiresInMs: -1_000 });
    const { call } = await startServer({ simulator, home, env });
    const answer = await call("codex_query", { prompt: "hi" });
    expect(answer.text).toMatch(/^AUTH_REQUIRED: /);
    expect(answer.text).toContain(`${own}, not for ${new URL(value).origin}.`);
    expect((await call("codex_models")).text).toContain("AUTH_REQUIRED: ");
    expect((await call("codex_status")).text).toMatch(/^Not signed in\.\nAUTH_REQUIRED: /m);
    expect(answer.text).toContain("Next: Unset CODEX_ISSUER and CODEX_BASE_URL and restart Claude Code.");
  }
  expect(evil.heard).toEqual([]);
  expect(simulator.requests).toEqual([]);
});

test("with OpenAI's issuer no sign-in begins for an API elsewhere", async () => {
  const simulator = await simulate();
  const evil = await listen();
  for (const base of [`${evil.url}/backend-api`, "https://evil.test/backend-api"]) {
    const env = { CODEX_ISSUER: "https://auth.openai.com", CODEX_BASE_URL: base, CODEX_CALLBACK_PORTS: "" };
    const { call } = await startServer({ simulator, home: makeHome(), env });
    for (const method of ["browser", "device"]) {
      const { code, text } = await call("codex_login", { method });
      expect(code).toBe("CONFIG");
      expect(text).toContain("CODEX_BASE_URL cannot be used: a login of auth.openai.com goes only to");
    }
    expect((await call("codex_query", { prompt: "hi" })).code).toBe("CONFIG");
  }
  expect(evil.heard).toEqual([]);
});
