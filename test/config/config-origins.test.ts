import { describe, expect, test } from "vitest";
import { assertConfigured, loadConfig } from "../../src/config/config.ts";

const standards = {
  CODEX_ISSUER: "https://auth.openai.com",
  CODEX_BASE_URL: "https://chatgpt.com/backend-api",
} as const;

describe.each(["CODEX_ISSUER", "CODEX_BASE_URL"] as const)("%s", (setting) => {
  const load = (value: string) => {
    // With OpenAI's own issuer no other API is taken, with one elsewhere none on this machine.
    const issuer = value.includes("https:") ? "https://issuer.test" : "http://127.0.0.1:8000";
    const config = loadConfig({ CODEX_ISSUER: issuer, [setting]: value }, "/home/jane");
    return { config, url: setting === "CODEX_ISSUER" ? config.issuer : config.baseUrl };
  };

  test.each([
    ["https://example.test", "https://example.test"],
    ["https://example.test/a/b//", "https://example.test/a/b"],
    ["https://example.test:8443/", "https://example.test:8443"],
    ["  http://127.0.0.1:9000/x ", "http://127.0.0.1:9000/x"],
    ["http://[::1]:9000", "http://[::1]:9000"],
    ["http://localhost", "http://localhost"],
    ["HTTPS://Example.Test:443", "https://example.test"],
    ["https://chatgpt.com.evil.test", "https://chatgpt.com.evil.test"], // and signed out there
  ])("takes %s with an issuer of its kind", (value, expected) => {
    const { config, url } = load(value);
    expect(config.problems).toEqual([]);
    expect(url).toBe(expected);
  });

  test.each([
    ["http://evil", "neither https: nor http: on this machine"],
    ["http://127.0.0.1.evil.test", "neither https: nor http: on this machine"],
    ["http://localhost.evil.test", "neither https: nor http: on this machine"],
    ["http://192.168.0.1", "neither https: nor http: on this machine"],
    ["http://0.0.0.0:9000", "neither https: nor http: on this machine"],
    ["http://[::ffff:127.0.0.1]", "neither https: nor http: on this machine"],
    ["ws://127.0.0.1", "neither https: nor http: on this machine"],
    ["file:///etc/passwd", "neither https: nor http: on this machine"],
    ["javascript:alert(1)", "neither https: nor http: on this machine"],
    ["https://chatgpt.com@evil", "names a user"],
    ["https://user:pass@chatgpt.com", "names a user"],
    ["http://127.0.0.1@evil.test", "names a user"],
    ["https://chatgpt.com.", "ends in a dot"],
    ["http://localhost.:9000", "ends in a dot"],
    ["https://xn--chatgt-ouf.com", "international name"],
    ["https://chatgрt.com", "characters that do not belong"],
    ["https://chatgpt.com/a b", "characters that do not belong"],
    ["https://chatgpt.com/\r\nx-evil: 1", "characters that do not belong"],
    ["https://chatgpt.com/\0", "characters that do not belong"],
    ["https://chatgpt.com/?to=evil", "query, a fragment or a backslash"],
    ["https://chatgpt.com/#x", "query, a fragment or a backslash"],
    ["https:\\\\chatgpt.com\\x", "query, a fragment or a backslash"],
    ["chatgpt.com", "not a URL"],
    ["https://", "not a URL"],
    ["//chatgpt.com", "not a URL"],
  ])("refuses %j, keeps the standard and says why", (value, wrong) => {
    const { config, url } = load(value);
    expect(url).toBe(standards[setting]);
    expect(config.problems).toEqual([{ area: "origins", setting, message: expect.stringContaining(wrong) as string }]);
    expect(() => {
      assertConfigured(config, ["storage", "origins"]);
    }).toThrow(expect.objectContaining({ code: "CONFIG" }));
    expect(() => {
      assertConfigured(config, ["storage"]);
    }).not.toThrow();
  });
});

describe("the API that a login of OpenAI's own issuer may go to", () => {
  const load = (baseUrl: string, issuer?: string) =>
    loadConfig({ CODEX_ISSUER: issuer, CODEX_BASE_URL: baseUrl }, "/home/jane");

  test.each([undefined, "https://auth.openai.com", "HTTPS://Auth.OpenAI.com:443/", "https://auth.openai.com/tenant"])(
    "is chatgpt.com or a host below it, with the issuer %s",
    (issuer) => {
      for (const base of ["https://chatgpt.com/other", "https://eu.chatgpt.com/backend-api"]) {
        expect(load(base, issuer)).toMatchObject({ baseUrl: base, problems: [] });
      }
      for (const base of [
        "https://evil.test/backend-api",
        "https://chatgpt.com.evil.test",
        "https://notchatgpt.com",
        "https://chatgpt.com:8443/backend-api",
        "https://api.openai.com",
        "http://127.0.0.1:9000/backend-api",
        "https://localhost",
      ]) {
        const config = load(base, issuer);
        expect(config, base).toMatchObject({
          baseUrl: standards.CODEX_BASE_URL,
          apiOrigin: "https://chatgpt.com",
          problems: [
            { area: "origins", setting: "CODEX_BASE_URL", message: expect.stringContaining("chatgpt.com") as string },
          ],
        });
        expect(() => {
          assertConfigured(config, ["origins"]);
        }).toThrow(expect.objectContaining({ code: "CONFIG" }));
      }
    },
  );

  test("is on this machine only where the issuer is as well", () => {
    const local = "http://127.0.0.1:9000/backend-api";
    expect(load(local, "http://localhost:8000")).toMatchObject({ baseUrl: local, problems: [] });
    const { baseUrl, problems } = load(local, "https://issuer.test");
    expect(baseUrl).toBe(standards.CODEX_BASE_URL);
    expect(problems).toMatchObject([
      { setting: "CODEX_BASE_URL", message: expect.stringContaining("this machine") as string },
    ]);
  });

  test("is not judged beside an issuer that cannot be used, which alone is named", () => {
    const { baseUrl, problems } = load("https://gateway.test", "https://evil\n.test");
    expect(baseUrl).toBe(standards.CODEX_BASE_URL);
    expect(problems.map(({ setting }) => setting)).toEqual(["CODEX_ISSUER"]);
  });
});

test("takes another spelling of OpenAI's own origin for the same", () => {
  const { issuer, apiOrigin } = loadConfig(
    {
      CODEX_ISSUER: "HTTPS://Auth.OpenAI.com:443/",
      CODEX_BASE_URL: "https:chatgpt.com/backend-api",
    },
    "/home/jane",
  );
  expect(issuer).toBe("https://auth.openai.com");
  expect(apiOrigin).toBe("https://chatgpt.com");
});
