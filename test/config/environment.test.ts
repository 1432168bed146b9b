import { describe, expect, test } from "vitest";
import { assertConfigured, loadConfig, type Config } from "../../src/config/config.ts";
import type { ConfigArea } from "../../src/config/checks.ts";
import { CodexError } from "../../src/shared/errors.ts";

const home = "/home/jane";

describe("the choice of how to pay", () => {
  test.each(["chatgpt", "api-key", " api-key "])("takes %s", (value) => {
    const config = loadConfig({ CODEX_AUTH: value }, home);
    expect(config.auth).toBe(value.trim());
    expect(config.problems).toEqual([]);
  });

  test.each(["codex-cli", "API-KEY", "key", "1"])("never takes %s for another one", (value) => {
    const config = loadConfig({ CODEX_AUTH: value }, home);
    expect(config.auth).toBeUndefined();
    expect(configError(config, "auth").message).toContain("CODEX_AUTH cannot be used");
  });

  test.each(["https://evil.test", "http://10.0.0.1", "https://api.openai.com.evil.test", "ftp://x"])(
    "only this machine may stand in for the API, not %s",
    (value) => {
      const config = loadConfig({ CODEX_API_BASE_URL: value }, home);
      expect(config.apiBaseUrl).toBe("https://api.openai.com/v1");
      expect(configError(config, "origins").message).toContain("CODEX_API_BASE_URL");
    },
  );

  test("a program on this machine may", () => {
    const config = loadConfig({ CODEX_API_BASE_URL: "http://127.0.0.1:9000/v1/" }, home);
    expect(config.apiBaseUrl).toBe("http://127.0.0.1:9000/v1");
    expect(config.problems).toEqual([]);
  });
});

describe("unchecked certificates", () => {
  const off = { NODE_TLS_REJECT_UNAUTHORIZED: "0" };
  const local = { CODEX_ISSUER: "https://localhost:1", CODEX_BASE_URL: "https://127.0.0.1:1" };

  test.each([
    ["the real services", {}],
    ["a real API", { CODEX_ISSUER: local.CODEX_ISSUER }],
    ["a real issuer", { CODEX_ISSUER: "https://issuer.test", CODEX_BASE_URL: "https://api.test" }],
  ])("are refused for %s", (_, env) => {
    const error = configError(loadConfig({ ...off, ...env }, home), "origins");
    expect(error.message).toContain("NODE_TLS_REJECT_UNAUTHORIZED cannot be used");
    expect(error.details.why).toContain("NODE_EXTRA_CA_CERTS");
  });

  test("are allowed on this machine, and any other value switches nothing off", () => {
    expect(loadConfig({ ...off, ...local }, home).problems).toEqual([]);
    expect(loadConfig({ NODE_TLS_REJECT_UNAUTHORIZED: "1" }, home).problems).toEqual([]);
  });
});

test("sees what kind of desk the person sits at", () => {
  const desktop = (env: Record<string, string>) => loadConfig(env, home).desktop;
  const none = { ssh: false, codespaces: false, display: false, wsl: false, searchPath: "" };
  expect(desktop({})).toEqual(none);
  expect(desktop({ SSH_CONNECTION: "10.0.0.1 1 10.0.0.2 22" })).toEqual({ ...none, ssh: true });
  expect(desktop({ CODESPACES: "true" })).toEqual({ ...none, codespaces: true });
  expect(desktop({ DISPLAY: ":0", PATH: "/bin" })).toEqual({
    ...none,
    display: true,
    searchPath: "/bin",
  });
  expect(desktop({ WSL_DISTRO_NAME: "Debian", DISPLAY: " " })).toEqual({ ...none, wsl: true });
});

test("knows the folder of Windows", () => {
  expect(loadConfig({}, home).systemRoot).toBe("C:\\Windows");
  expect(loadConfig({ SystemRoot: "D:\\W" }, home).systemRoot).toBe("D:\\W");
});

test("knows where the official client keeps its login", () => {
  expect(loadConfig({}, home).codexHome).toBe(`${home}/.codex`);
  expect(loadConfig({ CODEX_HOME: "/srv/codex/" }, home).codexHome).toMatch(/^\/srv\/codex\/?$/);
  expect(loadConfig({ CODEX_HOME: "relative" }, home).codexHome).toBe("");
  expect(loadConfig({}, "").codexHome).toBe("");
});

test("names the files of certificates, in the order of their variables", () => {
  const env = { SSL_CERT_FILE: "/c.pem", NODE_EXTRA_CA_CERTS: "/a.pem", CODEX_CA_CERTIFICATE: "" };
  expect(loadConfig(env, home).caFiles).toEqual([
    { variable: "NODE_EXTRA_CA_CERTS", path: "/a.pem" },
    { variable: "SSL_CERT_FILE", path: "/c.pem" },
  ]);
});

test("reads the usual proxy variables, in either case", () => {
  const env = { https_proxy: "http://a:1", HTTP_PROXY: " http://b:2 ", NO_PROXY: "x.test" };
  expect(loadConfig(env, home).proxy).toEqual({
    httpProxy: "http://b:2",
    httpsProxy: "http://a:1",
    noProxy: "x.test",
  });
});

function configError(config: Config, area: ConfigArea): CodexError {
  try {
    assertConfigured(config, [area]);
  } catch (error) {
    if (error instanceof CodexError) return error;
  }
  throw new Error(`nothing is wrong with ${area}`);
}
