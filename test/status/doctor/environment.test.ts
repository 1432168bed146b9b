import { describe, expect, test } from "vitest";
import { loadConfig } from "../../../src/config/config.ts";
import type { CaFileReport } from "../../../src/http/tls.ts";
import {
  judgeCertificates,
  judgeClientVersion,
  judgeNode,
  judgeProxy,
  judgeSettings,
} from "../../../src/status/doctor/environment.ts";

test.each([
  ["v20.18.1", "ok"],
  ["v24.0.0-nightly", "ok"],
  ["v20.18.0", "problem"],
  ["v18.20.4", "problem"],
])("Node %s is a finding of level %s", (version, level) => {
  const finding = judgeNode(version);
  expect(finding).toMatchObject({ check: "node", level });
  expect(finding.said).toContain(version);
  if (level === "problem") expect(finding.remedy).toContain("Install Node 20.18.1 or newer");
});

test("every setting that is wrong is told with what it accepts", () => {
  const env = { CODEX_BASE_URL: "http://evil.test", CODEX_STATE_DIR: "x", CODEX_MODEL: "?" };
  const found = judgeSettings(loadConfig(env, "/home/jane"));
  expect(found.map(({ level, said }) => [level, said.split(" ")[0]])).toEqual([
    ["problem", "CODEX_STATE_DIR"],
    ["problem", "CODEX_BASE_URL"],
    ["note", "CODEX_MODEL"],
  ]);
  expect(found[1]?.remedy).toMatch(/accepts an https: URL.*restart/s);
  expect(judgeSettings(loadConfig({}, "/home/jane"))).toMatchObject([{ level: "ok" }]);
});

test("an old client version may hide models", () => {
  expect(judgeClientVersion("0.169.0").level).toBe("ok");
  expect(judgeClientVersion("0.170.1").level).toBe("ok");
  expect(judgeClientVersion("0.150.0")).toMatchObject({
    level: "note",
    remedy: expect.stringContaining("Unset CODEX_CLIENT_VERSION") as string,
  });
});

test("files of certificates are told with what they give", () => {
  const file = { variable: "SSL_CERT_FILE", path: "/ca.pem" } as const;
  const good: CaFileReport = { ...file, certificates: ["a", "b"], trouble: undefined };
  const bad: CaFileReport = { ...file, certificates: [], trouble: "which does not exist" };
  const judge = (reports: CaFileReport[], tlsUnverified = false) =>
    judgeCertificates(reports, { tlsUnverified });
  expect(judge([good, bad])).toEqual([
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
  expect(judge([])).toMatchObject([{ level: "ok" }]);
  expect(judge([], true)).toMatchObject([
    { level: "note", remedy: expect.stringContaining("Unset NODE_TLS_REJECT") as string },
  ]);
});

describe("a proxy", () => {
  const none = { httpProxy: undefined, httpsProxy: undefined, noProxy: undefined };
  const judge = (settings: object) => judgeProxy("https://api.test", { ...none, ...settings });

  test("is told without its credentials", () => {
    const { level, said } = judge({ httpsProxy: "http://jane:hunter-22@proxy.test:8080" });
    expect(level).toBe("ok");
    expect(said).toBe(
      "https://api.test is reached through http://proxy.test:8080 (HTTPS_PROXY), with credentials.",
    );
  });

  test("that is passed by, or none at all, is told", () => {
    expect(judge({}).said).toBe("https://api.test is reached directly.");
    expect(judge({ httpProxy: "http://p:1", noProxy: "api.test" }).said).toBe(
      "https://api.test is reached directly, past the proxy.",
    );
  });

  test("that is none is a problem, and its value is not shown", () => {
    const finding = judge({ httpProxy: "socks5://jane:hunter-22@proxy.test" });
    expect(finding).toMatchObject({ check: "proxy", level: "problem" });
    expect(finding.remedy).toContain("Correct or unset HTTP_PROXY");
    expect(JSON.stringify(finding)).not.toMatch(/hunter-22|jane/);
  });
});
