import { describe, expect, test } from "vitest";
import { assertConfigured, loadConfig, withEncryption, type Config } from "../../src/config/config.ts";
import { systemHome } from "../../src/platform/host.ts";
import type { ConfigArea } from "../../src/config/checks.ts";
import { CodexError } from "../../src/shared/errors.ts";
import { settings } from "../../src/config/settings.ts";
import { fc } from "../support/chance.ts";

const home = "/home/jane";

test("has a sound default for every setting", () => {
  expect(loadConfig({}, home)).toEqual({
    authFile: "/home/jane/.claude/auth.json",
    stateDir: "/home/jane/.claude/codex-oauth",
    issuer: "https://auth.openai.com",
    baseUrl: "https://chatgpt.com/backend-api",
    apiOrigin: "https://chatgpt.com",
    apiBaseUrl: "https://api.openai.com/v1",
    auth: undefined,
    encrypt: undefined,
    model: undefined,
    reasoningEffort: undefined,
    clientVersion: "0.169.0",
    idleTimeoutMs: 300_000,
    callbackPorts: [1455, 1457],
    noBrowser: false,
    debug: false,
    desktop: { ssh: false, codespaces: false, display: false, wsl: false, searchPath: "" },
    proxy: { httpProxy: undefined, httpsProxy: undefined, noProxy: undefined },
    caFiles: [],
    tlsUnverified: false,
    apiKey: undefined,
    codexHome: "/home/jane/.codex",
    officialLogins: ["/home/jane/.codex/auth.json"],
    claudeHome: "/home/jane/.claude",
    systemRoot: "C:\\Windows",
    problems: [],
    notices: [],
  } satisfies Config);
});

test.each(["", "  ", "\t"])("takes %j as unset, whichever setting it is", (empty) => {
  const names = [...settings.map(({ name }) => name), "CLAUDE_CONFIG_DIR", "HTTPS_PROXY"];
  const env = Object.fromEntries(names.map((name) => [name, empty]));
  expect(loadConfig(env, home)).toEqual(loadConfig({}, home));
});

test.each<[string, string, Partial<Config>]>([
  ["CODEX_ENCRYPT", " Keyring ", { encrypt: "keyring" }],
  ["CODEX_ENCRYPT", "off", { encrypt: "off" }],
  ["CODEX_MODEL", " gpt-5.5 ", { model: "gpt-5.5" }],
  ["CODEX_REASONING_EFFORT", "XHigh", { reasoningEffort: "xhigh" }],
  ["CODEX_CLIENT_VERSION", "0.200.1", { clientVersion: "0.200.1" }],
  ["CODEX_IDLE_TIMEOUT_MS", "60000", { idleTimeoutMs: 60_000 }],
  ["CODEX_NO_BROWSER", "1", { noBrowser: true }],
  ["CODEX_NO_BROWSER", "no", { noBrowser: false }],
  ["CODEX_DEBUG", "1", { debug: true }],
  ["CODEX_DEBUG", "0", { debug: false }],
  ["CODEX_DEBUG", "False", { debug: false }],
  ["CODEX_STATE_DIR", "/var/lib/x/../codex", { stateDir: "/var/lib/codex" }],
  ["CODEX_AUTH_FILE", "/srv/a.json", { authFile: "/srv/a.json", stateDir: "/srv/codex-oauth" }],
  ["CLAUDE_CONFIG_DIR", "/srv/c", { authFile: "/srv/c/auth.json", stateDir: "/srv/c/codex-oauth" }],
  ["CODEX_CALLBACK_PORTS", "1457", { callbackPorts: [1457] }],
  ["CODEX_CALLBACK_PORTS", " 1457 , 1455 ", { callbackPorts: [1457, 1455] }],
])("reads %s=%j", (name, value, expected) => {
  const config = loadConfig({ [name]: value }, home);
  expect(config).toMatchObject(expected);
  expect([config.problems, config.notices]).toEqual([[], []]);
});

describe("a value that only has to be replaced", () => {
  test.each([
    [
      "CODEX_IDLE_TIMEOUT_MS",
      "(accepted: 100 to 1800000); using 300000.",
      ["abc", "-1", "1e9", "0", "99", "1800001", "1.5", "NaN", "٣٠٠٠"],
    ],
    [
      "CODEX_REASONING_EFFORT",
      "(accepted: none, minimal, low, medium, high, xhigh, max, ultra); using the model's default.",
      ["turbo", "constructor", "high\r\nx: y"],
    ],
    [
      "CODEX_MODEL",
      "(accepted: a model name such as gpt-6.1-sol); using the account's default.",
      ["a b", "../x", "gpt\r\nx-evil: 1", "gpt\0", "é", "x".repeat(201)],
    ],
    [
      "CODEX_CLIENT_VERSION",
      "(accepted: a version such as 0.169.0); using 0.169.0.",
      ["latest", "1.2", "0.169.0\r\nx-evil: 1", "1.2.3-beta", "-1.0.0"],
    ],
  ])("%s falls back to its default with one notice", (name, rest, values) => {
    for (const value of values) {
      const { notices, ...config } = loadConfig({ [name]: value }, home);
      const { notices: none, ...standard } = loadConfig({}, home);
      expect(config, value).toEqual(standard);
      expect(none).toEqual([]);
      // The value itself is not repeated: it may hold anything.
      expect(notices, value).toEqual([`${name} is not usable and was ignored ${rest}`]);
    }
  });
});

describe("a path that cannot be used", () => {
  test.each([
    ["CODEX_AUTH_FILE", { CODEX_AUTH_FILE: "auth.json" }, home, "not an absolute path"],
    ["CODEX_AUTH_FILE", { CODEX_AUTH_FILE: "~/auth.json" }, home, "not an absolute path"],
    ["CODEX_AUTH_FILE", { CODEX_AUTH_FILE: "/a\nb" }, home, "control characters"],
    ["CODEX_AUTH_FILE", { CODEX_AUTH_FILE: "/a\0b" }, home, "control characters"],
    ["CODEX_STATE_DIR", { CODEX_STATE_DIR: "./state" }, home, "not an absolute path"],
    ["CODEX_STATE_DIR", { CODEX_STATE_DIR: "file:///tmp/x" }, home, "not an absolute path"],
    ["CODEX_STATE_DIR", { CODEX_STATE_DIR: "//server/share/x" }, home, "a network path"],
    ["CODEX_STATE_DIR", { CODEX_STATE_DIR: String.raw`\\server\share` }, home, "a network path"],
    ["CLAUDE_CONFIG_DIR", { CLAUDE_CONFIG_DIR: "claude" }, home, "not an absolute path"],
    ["HOME", {}, "", "not an absolute path"],
    ["HOME", {}, "relative/home", "not an absolute path"],
  ])("%s: named with what it accepts", (setting, env, homeFolder, wrong) => {
    const config = loadConfig(env, homeFolder);
    const error = configError(config, setting === "CODEX_STATE_DIR" ? "state" : "storage");
    expect(error.message).toBe(`${setting} cannot be used: ${config.problems[0]?.message ?? ""}`);
    expect(error.message).toContain(wrong);
    expect(error.details.why).toMatch(new RegExp(`^${setting} accepts an absolute path`));
    expect(() => {
      assertConfigured(config, ["origins", "ports"]);
    }).not.toThrow();
  });

  test("the home folder does not matter where nothing stands in it", () => {
    const env = { CODEX_AUTH_FILE: "/srv/auth.json" };
    expect(loadConfig(env, "").problems).toEqual([]);
    expect(loadConfig({ CLAUDE_CONFIG_DIR: "/srv/claude" }, "rel").problems).toEqual([]);
  });
});

describe("callback ports", () => {
  const elsewhere = { CODEX_ISSUER: "http://127.0.0.1:9000" };

  test("may be any with another issuer, also 0", () => {
    const config = loadConfig({ ...elsewhere, CODEX_CALLBACK_PORTS: "0,8080" }, home);
    expect(config.callbackPorts).toEqual([0, 8080]);
    expect(config.problems).toEqual([]);
  });

  test.each(["0", "8080", "1455,1456"])("are the registered ones at OpenAI, not %s", (ports) => {
    for (const issuer of [undefined, "https://AUTH.openai.com:443/"]) {
      const config = loadConfig({ CODEX_ISSUER: issuer, CODEX_CALLBACK_PORTS: ports }, home);
      expect(config.callbackPorts).toEqual([1455, 1457]);
      expect(configError(config, "ports").message).toMatch(/1455 and 1457 only/);
    }
  });

  test("stay the registered ones beside an issuer that cannot be used, which alone is named", () => {
    const env = { CODEX_ISSUER: "https://evil\n.test", CODEX_CALLBACK_PORTS: "8080" };
    const config = loadConfig(env, home);
    expect(config.callbackPorts).toEqual([1455, 1457]);
    expect(config.problems.map(({ setting }) => setting)).toEqual(["CODEX_ISSUER"]);
  });

  test.each(["abc", "1455,", ",", "-1", "65536", "1455;1457", "0x5af", "1455\r\n,x"])(
    "refuses %j in any case",
    (ports) => {
      const config = loadConfig({ ...elsewhere, CODEX_CALLBACK_PORTS: ports }, home);
      expect(configError(config, "ports").message).toMatch(/not a list of port numbers/);
      expect(config.callbackPorts).toEqual([1455, 1457]);
    },
  );
});

test("gives usable values, whatever the environment holds", () => {
  const names = [...settings.map(({ name }) => name), "CLAUDE_CONFIG_DIR", "https_proxy"];
  const hostile = fc.oneof(
    fc.string({ unit: "binary", maxLength: 40 }),
    fc.webUrl({ withQueryParameters: true, withFragments: true }),
    fc.integer().map(String),
    fc.double().map(String),
    fc.constantFrom("__proto__", "\r\n", "\0", "http://127.0.0.1", "https://[", "/", "//", "1455"),
  );
  const environment = fc.dictionary(fc.constantFrom(...names), hostile);
  fc.assert(
    fc.property(environment, hostile, (env, homeFolder) => {
      const config = loadConfig(env, homeFolder);
      expect(config.idleTimeoutMs).toBeGreaterThanOrEqual(100);
      expect(config.idleTimeoutMs).toBeLessThanOrEqual(1_800_000);
      expect(config.callbackPorts.length).toBeGreaterThan(0);
      for (const port of config.callbackPorts) expect(port).toBeLessThanOrEqual(65_535);
      for (const url of [config.issuer, config.baseUrl, config.apiBaseUrl]) {
        expect(url).toMatch(/^https:\/\/|^http:\/\/(127\.0\.0\.1|\[::1\]|localhost)(:|\/|$)/);
        expect(url).not.toMatch(/[\s@?#]|\/$/);
      }
      expect(config.clientVersion).toMatch(/^\d+\.\d+\.\d+$/);
      expect(config.model ?? "m").toMatch(/^[\w.:-]+$/);
      for (const path of [config.authFile, config.stateDir]) expect(path).toMatch(/^$|^\/[^\0\r\n]*$/);
    }),
    { numRuns: 1_000 },
  );
});

test("knows a home folder, or says so with an empty string", () => {
  expect(typeof systemHome()).toBe("string");
});

function configError(config: Config, area: ConfigArea): CodexError {
  try {
    assertConfigured(config, [area]);
  } catch (error) {
    expect(error).toBeInstanceOf(CodexError);
    expect((error as CodexError).code).toBe("CONFIG");
    return error as CodexError;
  }
  throw new Error(`no problem in ${area}`);
}

test("CODEX_ENCRYPT with another value has no default, since that could store the login unencrypted", () => {
  const { encrypt, problems } = loadConfig({ CODEX_ENCRYPT: "yes" }, home);
  expect([encrypt, problems]).toEqual([
    undefined,
    [{ area: "storage", setting: "CODEX_ENCRYPT", message: "it is neither keyring nor off." }],
  ]);
});

test("an option in place of CODEX_ENCRYPT must not say the opposite of it", () => {
  const option = (set: string | undefined) => withEncryption(loadConfig({ CODEX_ENCRYPT: set }, home), "off");
  expect(option(undefined)).toMatchObject({ encrypt: "off", problems: [] });
  expect(option("off")).toMatchObject({ encrypt: "off", problems: [] });
  expect(option("keyring")).toMatchObject({ encrypt: "keyring", problems: [{ setting: "CODEX_ENCRYPT" }] });
});
