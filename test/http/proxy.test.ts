import { describe, expect, onTestFinished, test } from "vitest";
import { silentLog, type Log } from "../../src/platform/log.ts";
import { Http } from "../../src/http/http.ts";
import { proxyRoute, proxySecrets, type ProxySettings } from "../../src/http/proxy.ts";
import { makeAuthority } from "../support/certificates.ts";
import { listenOnly } from "../support/evil.ts";
import { fakeClock } from "../support/fake-clock.ts";
import { failure } from "../support/replies.ts";
import { secureServer, tunnelProxy } from "../support/secure-server.ts";
import { renderNext } from "../../src/render/next-step.ts";

const none = { httpProxy: undefined, httpsProxy: undefined, noProxy: undefined };
const bounds = { maxBytes: 1000, timeoutMs: 15_000 };
const target = { method: "GET" as const, url: "https://api.test/secret-path?token=1" };

function through(proxy: Partial<ProxySettings>, log: Log = silentLog): Http {
  const made = new Http({ clock: fakeClock(), log, proxy: { ...none, ...proxy } });
  onTestFinished(() => made.close());
  return made;
}

const refusing = (status: string) => tunnelProxy(`HTTP/1.1 ${status}\r\ncontent-length: 11\r\n\r\nproxy page!`);

describe("which way a request takes", () => {
  const settings = { httpProxy: "http://plain:1", httpsProxy: "http://secure:2" };
  const way = (url: string, extra: Partial<ProxySettings> = {}) =>
    proxyRoute(url, { ...none, ...settings, ...extra })?.origin;

  test("HTTPS_PROXY for https, else HTTP_PROXY, else none", () => {
    expect(way("https://api.test/")).toBe("http://secure:2");
    expect(way("https://api.test/", { httpsProxy: undefined })).toBe("http://plain:1");
    expect(proxyRoute("https://api.test/", none)).toBeUndefined();
  });

  test.each([
    ["*", "https://api.test", true],
    ["other.test, *", "https://api.test", true],
    ["api.test", "https://api.test", true],
    ["API.TEST", "https://api.test", true],
    ["test", "https://api.test", true],
    [".test", "https://api.test", true],
    ["*.test", "https://api.test", true],
    ["a.test b.test,api.test", "https://api.test", true],
    ["api.test:443", "https://api.test", true],
    ["api.test:8443", "https://api.test:8443", true],
    ["api.test:8443", "https://api.test", false],
    ["pi.test", "https://api.test", false],
    ["api.test.evil", "https://api.test", false],
    ["10.1.2.3", "https://10.1.2.3", true],
    ["10.0.0.0/8", "https://10.1.2.3", true],
    ["10.0.0.0/8", "https://11.1.2.3", false],
    ["10.0.0.0/99", "https://10.1.2.3", false],
    ["10.0.0.0/8", "https://10.evil.test", false],
    ["[fd00::1]", "https://[fd00::1]", true],
    ["fd00::1", "https://[fd00::1]", true],
    ["[fd00::1]:443", "https://[fd00::1]", true],
    ["fd00::/8", "https://[fd00::1]", true],
    ["", "https://api.test", false],
    [", .", "https://api.test", false],
  ])("NO_PROXY=%s and %s: directly %s", (noProxy, url, direct) => {
    expect(way(url, { noProxy }) === undefined).toBe(direct);
  });

  test.each(["http://localhost:1", "https://127.0.0.1", "https://[::1]:8"])(
    "%s is never reached through a proxy",
    (url) => {
      expect(way(url)).toBeUndefined();
    },
  );
});

describe("a value that names no proxy", () => {
  test.each([
    "socks5://jane:hunter-22@proxy.test:1",
    "ftp://jane:hunter-22@proxy.test",
    "http://jane:hunter-22@proxy.test:999999",
    "http://jane:hunter-22%zz@proxy.test:1",
    "http://jane:hunter-22@proxy.test:1\r\nx: y",
    "jane hunter-22",
    "http://",
  ])("is a CONFIG error that names the variable, not the value: %j", async (value) => {
    const error = await failure(through({ httpsProxy: value }).fetchText(target, bounds));
    expect(error.code).toBe("CONFIG");
    expect(error.message).toContain("HTTPS_PROXY does not hold the URL of a proxy");
    const shown = JSON.stringify([error.message, error.details, error.next, String(error.cause)]);
    expect(shown).not.toContain("hunter-22");
    expect(shown).not.toContain("jane");
  });

  test("is HTTP_PROXY's where that one is used", async () => {
    const error = await failure(through({ httpProxy: "socks5://x" }).fetchText(target, bounds));
    expect(error.message).toMatch(/^HTTP_PROXY does not/);
  });
});

test("credentials go to the proxy alone, and a proxy without a scheme is one", async () => {
  const lines: string[] = [];
  const log: Log = Object.assign((_: string, line: string) => void lines.push(line), {
    file: undefined,
  });
  const server = await secureServer(makeAuthority().issue(["api.test"]));
  const proxy = await tunnelProxy(server.port);
  const client = through({ httpsProxy: `jane:p%40ss%3Aword-22@${proxy.address}` }, log);
  const headers = { authorization: "Bearer the-login" };
  const error = await failure(client.fetchText({ ...target, headers }, bounds));
  expect(error.message).toMatch(
    /^The connection to https:\/\/api\.test through the proxy of HTTPS_PROXY failed \([A-Z_]+\)\.$/,
  );
  expect(proxy.asked.map(({ line }) => line)).toEqual(["CONNECT api.test:443"]);
  expect(proxy.asked[0]?.headers["proxy-authorization"]).toBe(`Basic ${btoa("jane:p@ss:word-22")}`);
  expect(JSON.stringify(proxy.asked)).not.toContain("the-login");
  const told = JSON.stringify([lines, error.message, error.details]);
  for (const secret of ["word-22", btoa("jane:p@ss:word-22"), "secret-path?"]) {
    expect(told).not.toContain(secret);
  }
});

test.each([
  ["407 Proxy Authentication Required", /user name and a password/, /USER:PASSWORD@/, false],
  ["403 Forbidden", /does not allow this host/, /allow api\.test, or name it in NO_PROXY/, false],
  ["503 Service Unavailable", /service itself was not reached/, /check HTTPS_PROXY/, true],
])("a proxy that answers %s is told from the service", async (status, why, next, retryable) => {
  const proxy = await refusing(status);
  const httpsProxy = `http://jane:hunter-22@${proxy.address}`;
  const error = await failure(through({ httpsProxy }).fetchText(target, bounds));
  expect(error.code).toBe("NETWORK");
  expect(error.message).toBe(
    `The proxy of HTTPS_PROXY refused the way to https://api.test (HTTP ${status.slice(0, 3)}).`,
  );
  expect(error.details.why).toMatch(why);
  expect(renderNext(error, "mcp")).toMatch(next);
  expect(error.details).toMatchObject({ retryable, unsent: true });
  const shown = JSON.stringify([error.message, error.details, String(error.cause)]);
  expect(shown).not.toMatch(/hunter-22|jane|proxy page/);
});

test("a proxy that is not there is told from a service that is not there", async () => {
  const client = through({ httpProxy: "http://jane:hunter-22@127.0.0.1:9" });
  const error = await failure(client.fetchText(target, bounds));
  expect(error.message).toBe("The proxy of HTTP_PROXY could not be reached (ECONNREFUSED).");
  expect(error.details).toMatchObject({ why: "It stands on the way to https://api.test." });
  expect(renderNext(error, "mcp")).toContain("They can correct HTTP_PROXY");
});

test("a proxy that answers with junk is a failed connection through it", async () => {
  const proxy = await listenOnly("SSH-2.0-OpenSSH_9.6\r\n");
  const client = through({ httpsProxy: proxy.origin });
  const error = await failure(client.fetchText(target, bounds));
  expect(error.message).toMatch(/^The connection to https:\/\/api\.test through the proxy of HTTPS/);
});

test("what is secret of the proxies is known, in every form that is sent or stored", () => {
  const httpsProxy = "http://jane:p%40ssword-22@proxy.test:1";
  expect(proxySecrets({ ...none, httpsProxy })).toEqual([
    "jane:p%40ssword-22",
    "p%40ssword-22",
    "p@ssword-22",
    btoa("jane:p@ssword-22"),
  ]);
  expect(proxySecrets({ ...none, httpProxy: "http://proxy.test:1" })).toEqual([]);
});
