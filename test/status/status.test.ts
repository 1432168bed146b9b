import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { DoctorReport } from "../../src/status/finding.ts";
import type { Reply } from "../simulator/index.ts";
import { testApp, type TestAppOptions } from "../support/app.ts";
import { makeHome, writeLogin } from "../support/home.ts";
import { codexHome, codexCliFile, writePreference, writeCodexCliLogin } from "../support/modes.ts";
import { simulate } from "../support/server.ts";
import { statusFacts } from "../../src/render/status.ts";
import { act } from "../../src/shared/next-step.ts";

async function collect(options: Partial<TestAppOptions> & { verbose?: boolean } = {}) {
  const home = options.home ?? makeHome();
  const { codex } = testApp({ ...options, home });
  return codex.status({ verbose: options.verbose === true });
}

test("nobody is signed in: nothing is wrong, and nothing is asked", async () => {
  const simulator = await simulate();
  const status = await collect({ simulator });
  expect(status).toMatchObject({ signedIn: false, account: undefined, trouble: undefined });
  expect(status.defaultModel).toBe("gpt-6.1-sol");
  expect(simulator.requests).toEqual([]);
});

test("a login is told by masked account, plan and expiry, without the network", async () => {
  const simulator = await simulate();
  const home = makeHome();
  const { expiresAt, plan } = writeLogin(home, simulator);
  const status = await collect({ simulator, home });
  expect(status).toMatchObject({ signedIn: true, plan, expiresAt, trouble: undefined });
  expect(status.account).toMatch(/^.\*\*\*@/);
  expect(simulator.requests).toEqual([]);
});

describe("trouble is told, and the file stays as it is", () => {
  test("a damaged file", async () => {
    const home = makeHome();
    writeFileSync(home.authFile, "{ eyJhbGci");
    const status = await collect({ home });
    expect(status.signedIn).toBe(false);
    const trouble = String(statusFacts(status, "mcp")["trouble"]);
    expect(trouble).toContain(`AUTH_REQUIRED: The login file ${home.authFile} is damaged`);
    expect(trouble).not.toContain("eyJ");
    expect(home.readAuth()).toBe("{ eyJhbGci");
  });

  test("a login of another origin", async () => {
    const simulator = await simulate();
    const home = makeHome();
    writeLogin(home, simulator);
    const status = await collect({ simulator, home, env: { CODEX_ISSUER: "http://localhost:9" } });
    expect(status).toMatchObject({ signedIn: false, account: undefined });
    expect(statusFacts(status, "mcp")["trouble"]).toMatch(
      /^AUTH_REQUIRED: .*127\.0\.0\.1:\d+, not for http:\/\/localhost:9\..*Next: Unset CODEX_ISSUER and CODEX_BASE_URL[^,]*\.$/,
    );
  });

  test.each(["CODEX_BASE_URL", "CODEX_AUTH_FILE"])("%s is wrong", async (name) => {
    const simulator = await simulate();
    const home = makeHome();
    writeLogin(home, simulator);
    const status = await collect({ simulator, home, env: { [name]: "nonsense" } });
    expect(status.signedIn).toBe(false);
    expect(status.trouble).toBe("No login can be used until the configuration below is corrected.");
    expect(status.problems).toEqual([expect.stringMatching(`^CONFIG: ${name} cannot be used: `)]);
  });
});

describe("verbose", () => {
  test("asks both origins, without the login, and tells versions and findings", async () => {
    const simulator = await simulate();
    const home = makeHome();
    const { accessToken } = writeLogin(home, simulator);
    const { details } = await collect({ simulator, home, verbose: true });
    expect(details).toMatchObject({
      platform: "test 1.0; none",
      clientVersion: "0.169.0",
      nodeVersion: process.version,
    });
    expect(details?.findings.filter(({ level }) => level !== "ok")).toEqual([]);
    expect(saidBy(details, "network")).toEqual(
      [simulator.issuer, new URL(simulator.baseUrl).origin].map(
        (origin) => expect.stringMatching(new RegExp(`^${origin} is reachable, HTTP \\d{3} in \\d+ ms\\.$`)) as string,
      ),
    );
    expect(simulator.requests).toHaveLength(2);
    for (const { method, headers } of simulator.requests) {
      expect(method).toBe("HEAD");
      expect(JSON.stringify(headers)).not.toContain(accessToken);
      expect(headers).not.toHaveProperty("chatgpt-account-id");
    }
  });

  test("tells an origin that cannot be reached, and why", async () => {
    const simulator = await simulate();
    await simulator.close();
    const { details } = await collect({ simulator, verbose: true });
    expect(saidBy(details, "network")).toEqual(
      [simulator.issuer, new URL(simulator.baseUrl).origin].map(
        (origin) =>
          `${origin} is not reachable: The connection to ${origin} failed (ECONNREFUSED). Nothing accepts connections there.`,
      ),
    );
  });

  test("a page of Cloudflare on the front page alone says nothing about the API", async () => {
    const simulator = await simulate();
    simulator.always("health", { kind: "html" });
    const { details } = await collect({ simulator, verbose: true });
    expect(saidBy(details, "network")[1]).toMatch(
      /is reachable, HTTP 401 in \d+ ms \(only the front page is guarded\)\.$/,
    );
    for (const { headers } of simulator.requests) {
      expect(headers).not.toHaveProperty("authorization");
    }
  });

  test("a page of Cloudflare in place of the API is a problem", async () => {
    const simulator = await simulate();
    simulator.always("health", { kind: "html" });
    simulator.always("models", { kind: "html" });
    const { details } = await collect({ simulator, verbose: true });
    expect(details?.findings).toContainEqual({
      check: "network",
      level: "problem",
      message: expect.stringMatching(
        /is blocked on this way: HTTP 403 in \d+ ms, challenged by Cloudflare, a page/,
      ) as string,
      fix: [act("Try without VPN or proxy, or from another network; wait a few minutes before you repeat it")],
    });
  });

  test.each<[string, Reply]>([
    ["of a company's proxy", { kind: "html", headers: { "content-type": "text/html" }, body: "<p>No" }],
    ["of Cloudflare without a content type", { kind: "raw", status: 403, body: "Access blocked by Cloudflare" }],
  ])("a page %s in place of the API is a problem, too", async (_, reply) => {
    const simulator = await simulate();
    simulator.always("health", { kind: "html" });
    simulator.always("models", reply);
    const { details } = await collect({ simulator, verbose: true });
    expect(saidBy(details, "network")[1]).toMatch(
      /is blocked on this way: HTTP 403 in \d+ ms, a page in the service's place/,
    );
  });

  test("does not ask the standard origin in place of a wrong one", async () => {
    const simulator = await simulate();
    const env = { CODEX_BASE_URL: "http://evil.test" };
    const { details } = await collect({ simulator, env, verbose: true });
    expect(saidBy(details, "network")).toEqual([]);
    expect(simulator.requests).toEqual([]);
  });
});

test("a file of certificates that is missing is told", async () => {
  const { problems } = await collect({ env: { SSL_CERT_FILE: "/nowhere/ca.pem" } });
  expect(problems).toEqual(["SSL_CERT_FILE names /nowhere/ca.pem, which does not exist."]);
});

function saidBy(details: DoctorReport | undefined, check: string): string[] {
  return details?.findings.filter((finding) => finding.check === check).map(({ message }) => message) ?? [];
}

describe("another way than a login of this program", () => {
  test("a guest is told by account, end and file, without the network; one that ended as trouble", async () => {
    const simulator = await simulate();
    const home = makeHome();
    writePreference(home, "codex-cli");
    const env = { CODEX_HOME: codexHome(home) };
    expect(statusFacts(await collect({ simulator, home, env }), "mcp")).toMatchObject({
      signedIn: false,
      mode: "codex-cli",
      trouble: expect.stringMatching(/^AUTH_REQUIRED: The Codex CLI is not signed in/) as string,
    });
    const { expiresAt } = writeCodexCliLogin(home, simulator);
    expect(statusFacts(await collect({ simulator, home, env }), "mcp")).toMatchObject({
      signedIn: true,
      account: "c***@example.test",
      plan: "plus",
      expiresAt: Math.floor(expiresAt / 1000) * 1000,
      guestFile: codexCliFile(home),
      trouble: undefined,
    });
    writeCodexCliLogin(home, simulator, { accessExpiresInMs: 1_000 });
    expect(statusFacts(await collect({ simulator, home, env }), "mcp")).toMatchObject({
      signedIn: false,
      account: "c***@example.test",
      trouble: expect.stringMatching(/^AUTH_EXPIRED: .*Open the Codex CLI once/) as string,
    });
    expect(simulator.requests).toEqual([]);
  });

  test("with a key only its API is asked for its health, without the key", async () => {
    const simulator = await simulate();
    const key = simulator.issueKey();
    const env = {
      CODEX_AUTH: "api-key",
      OPENAI_API_KEY: key,
      CODEX_API_BASE_URL: simulator.apiBaseUrl,
    };
    const status = await collect({ simulator, env, verbose: true });
    const { origin } = new URL(simulator.apiBaseUrl);
    expect(status).toMatchObject({ signedIn: true, decidedBy: "CODEX_AUTH", apiOrigin: origin });
    expect(saidBy(status.details, "network")).toEqual([expect.stringContaining(`${origin} is reachable`)]);
    expect(JSON.stringify([status, simulator.requests])).not.toContain(key.slice(-12));
  });
});

test("the log's place is told only while there is one", async () => {
  const home = makeHome();
  expect((await collect({ home })).logFile).toBe(join(home.stateDir, "debug.log"));
  expect((await collect({ home, env: { CODEX_DEBUG: "0" } })).logFile).toBeUndefined();
  expect((await collect({ home, env: { CODEX_STATE_DIR: "x" } })).logFile).toBeUndefined();
});
