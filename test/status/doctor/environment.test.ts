import { describe, expect, test } from "vitest";
import { loadConfig } from "../../../src/config/config.ts";
import type { Finding } from "../../../src/status/finding.ts";
import type { CaFileReport } from "../../../src/http/tls.ts";
import { environmentChecks, type EnvironmentDeps } from "../../../src/status/doctor/environment.ts";

const config = loadConfig({}, "/home/jane");

/** What one of the checks finds with these facts. */
async function find(name: string, facts: Partial<EnvironmentDeps>): Promise<Finding[]> {
  const checks = environmentChecks({
    config,
    nodeVersion: "v24.0.0",
    authorities: { reports: () => Promise.resolve([]) },
    targets: () => Promise.resolve([{ origin: "https://api.test" }]),
    ...facts,
  });
  const check = checks.find((one) => one.name === name);
  if (check === undefined) throw new Error(`no check ${name}`);
  return check.run(new AbortController().signal);
}

test.each([
  ["v20.18.1", "ok"],
  ["v24.0.0-nightly", "ok"],
  ["v20.18.0", "problem"],
  ["v18.20.4", "problem"],
])("Node %s is a finding of level %s", async (version, level) => {
  const [finding] = await find("node", { nodeVersion: version });
  expect(finding).toMatchObject({ check: "node", level });
  expect(finding?.said).toContain(version);
  if (level === "problem") expect(finding?.remedy).toContain("Install Node 20.18.1 or newer");
});

test("every setting that is wrong is told with what it accepts", async () => {
  const env = { CODEX_BASE_URL: "http://evil.test", CODEX_STATE_DIR: "x", CODEX_MODEL: "?" };
  const found = await find("settings", { config: loadConfig(env, "/home/jane") });
  expect(found.map(({ level, said }) => [level, said.split(" ")[0]])).toEqual([
    ["problem", "CODEX_STATE_DIR"],
    ["problem", "CODEX_BASE_URL"],
    ["note", "CODEX_MODEL"],
  ]);
  expect(found[1]?.remedy).toMatch(/accepts an https: URL.*restart/s);
  expect(await find("settings", { config })).toMatchObject([{ level: "ok" }]);
});

test("an old client version may hide models", async () => {
  const judge = async (clientVersion: string) =>
    (await find("client version", { config: { ...config, clientVersion } }))[0];

  expect((await judge("0.169.0"))?.level).toBe("ok");
  expect((await judge("0.170.1"))?.level).toBe("ok");
  expect(await judge("0.150.0")).toMatchObject({
    level: "note",
    remedy: expect.stringContaining("Unset CODEX_CLIENT_VERSION") as string,
  });
});

test("files of certificates are told with what they give", async () => {
  const file = { variable: "SSL_CERT_FILE", path: "/ca.pem" } as const;
  const good: CaFileReport = { ...file, certificates: ["a", "b"], trouble: undefined };
  const bad: CaFileReport = { ...file, certificates: [], trouble: "which does not exist" };
  const judge = (reports: CaFileReport[], tlsUnverified = false) =>
    find("certificates", {
      authorities: { reports: () => Promise.resolve(reports) },
      config: { ...config, tlsUnverified },
    });
  expect(await judge([good, bad])).toEqual([
    {
      check: "certificates",
      level: "ok",
      said: "SSL_CERT_FILE adds 2 authorities from /ca.pem.",
      remedy: undefined,
    },
    {
      check: "certificates",
      level: "problem",
      said: "SSL_CERT_FILE names /ca.pem, which does not exist.",
      remedy: "Correct or unset SSL_CERT_FILE, then restart.",
    },
  ]);
  expect(await judge([])).toMatchObject([{ level: "ok" }]);
  expect(await judge([], true)).toMatchObject([
    { level: "note", remedy: expect.stringContaining("Unset NODE_TLS_REJECT") as string },
  ]);
});

describe("a proxy", () => {
  const none = { httpProxy: undefined, httpsProxy: undefined, noProxy: undefined };
  const judge = async (settings: object) =>
    (await find("proxy", { config: { ...config, proxy: { ...none, ...settings } } }))[0];

  test("is told without its credentials", async () => {
    const finding = await judge({ httpsProxy: "http://jane:hunter-22@proxy.test:8080" });
    expect(finding?.level).toBe("ok");
    expect(finding?.said).toBe(
      "https://api.test is reached through http://proxy.test:8080 (HTTPS_PROXY), with credentials.",
    );
  });

  test("that is passed by, or none at all, is told", async () => {
    expect((await judge({}))?.said).toBe("https://api.test is reached directly.");
    expect((await judge({ httpProxy: "http://p:1", noProxy: "api.test" }))?.said).toBe(
      "https://api.test is reached directly, past the proxy.",
    );
  });

  test("that is none is a problem, and its value is not shown", async () => {
    const finding = await judge({ httpProxy: "socks5://jane:hunter-22@proxy.test" });
    expect(finding).toMatchObject({ check: "proxy", level: "problem" });
    expect(finding?.remedy).toContain("Correct or unset HTTP_PROXY");
    expect(JSON.stringify(finding)).not.toMatch(/hunter-22|jane/);
  });
});
