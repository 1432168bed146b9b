import { describe, expect, test } from "vitest";
import { loadConfig } from "../../../src/config/config.ts";
import type { CaFileReport } from "../../../src/http/tls.ts";
import { environmentChecks } from "../../../src/status/doctor/environment.ts";
import type { Finding } from "../../../src/status/finding.ts";
import { renderFix } from "../../../src/render/next-step.ts";
import { act, restart, unsetVariables } from "../../../src/shared/next-step.ts";

const fixOf = (finding: Finding | undefined): string | undefined => finding?.fix && renderFix(finding.fix, "cli");
const config = loadConfig({}, "/home/jane");

/** The findings of one check with these facts. */
async function find(name: string, facts: Partial<Parameters<typeof environmentChecks>[0]>): Promise<Finding[]> {
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
  expect(finding?.message).toContain(version);
  if (level === "problem") expect(fixOf(finding)).toContain("Install Node 20.18.1 or newer");
});

test("every setting that is wrong is told with what it accepts", async () => {
  const env = { CODEX_BASE_URL: "http://evil.test", CODEX_STATE_DIR: "x", CODEX_MODEL: "?" };
  const found = await find("settings", { config: loadConfig(env, "/home/jane") });
  expect(found.map(({ level, message }) => [level, message.split(" ")[0]])).toEqual([
    ["problem", "CODEX_STATE_DIR"],
    ["problem", "CODEX_BASE_URL"],
    ["note", "CODEX_MODEL"],
  ]);
  expect(found[1]?.message).toMatch(/accepts an https: URL/);
  expect(found[1]?.fix).toEqual([act("Correct or unset the environment variable that the message names"), restart]);
  expect(await find("settings", { config })).toMatchObject([{ level: "ok" }]);
});

test("an old client version may hide models", async () => {
  const findVersion = async (clientVersion: string) =>
    (await find("client version", { config: { ...config, clientVersion } }))[0];
  expect((await findVersion("0.169.0"))?.level).toBe("ok");
  expect((await findVersion("0.170.1"))?.level).toBe("ok");
  expect(await findVersion("0.150.0")).toMatchObject({
    level: "note",
    fix: [unsetVariables("CODEX_CLIENT_VERSION")],
  });
});

test("files of certificates are told with what they give", async () => {
  const file = { variable: "SSL_CERT_FILE", path: "/ca.pem" } as const;
  const good: CaFileReport = { ...file, certificates: ["a", "b"], problem: undefined };
  const bad: CaFileReport = { ...file, certificates: [], problem: "which does not exist" };
  const findCertificates = (reports: CaFileReport[], tlsUnverified = false) =>
    find("certificates", {
      authorities: { reports: () => Promise.resolve(reports) },
      config: { ...config, tlsUnverified },
    });
  expect(await findCertificates([good, bad])).toEqual([
    {
      check: "certificates",
      level: "ok",
      message: "SSL_CERT_FILE adds 2 authorities from /ca.pem.",
    },
    {
      check: "certificates",
      level: "problem",
      message: "SSL_CERT_FILE names /ca.pem, which does not exist.",
      fix: [act("Correct or unset SSL_CERT_FILE"), restart],
    },
  ]);
  expect(await findCertificates([])).toMatchObject([{ level: "ok" }]);
  expect(await findCertificates([], true)).toMatchObject([
    { level: "note", fix: [unsetVariables("NODE_TLS_REJECT_UNAUTHORIZED")] },
  ]);
});

describe("a proxy", () => {
  const none = { httpProxy: undefined, httpsProxy: undefined, noProxy: undefined };
  const findProxy = async (settings: object) =>
    (await find("proxy", { config: { ...config, proxy: { ...none, ...settings } } }))[0];

  test("is told without its credentials", async () => {
    const finding = await findProxy({ httpsProxy: "http://jane:hunter-22@proxy.test:8080" });
    expect(finding?.level).toBe("ok");
    expect(finding?.message).toBe(
      "https://api.test is reached through http://proxy.test:8080 (HTTPS_PROXY), with credentials.",
    );
  });

  test("that is passed by, or none at all, is told", async () => {
    expect((await findProxy({}))?.message).toBe("https://api.test is reached directly.");
    expect((await findProxy({ httpProxy: "http://p:1", noProxy: "api.test" }))?.message).toBe(
      "https://api.test is reached directly, past the proxy.",
    );
  });

  test("that is none is a problem, and its value is not shown", async () => {
    const finding = await findProxy({ httpProxy: "socks5://jane:hunter-22@proxy.test" });
    expect(finding).toMatchObject({ check: "proxy", level: "problem" });
    expect(fixOf(finding)).toContain("Correct or unset HTTP_PROXY");
    expect(JSON.stringify(finding)).not.toMatch(/hunter-22|jane/);
  });
});
