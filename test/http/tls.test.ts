import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { silentLog } from "../../src/platform/log.ts";
import { Http } from "../../src/http/http.ts";
import { CertificateStore, type CaFile } from "../../src/http/tls.ts";
import { lastWeek, makeAuthority, nextWeek } from "../support/certificates.ts";
import { fakeClock } from "../support/fake-clock.ts";
import { makeHome } from "../support/home.ts";
import { failure } from "../support/replies.ts";
import { secureServer, tunnelProxy } from "../support/secure-server.ts";
import { renderNext } from "../../src/render/next-step.ts";

const bounds = { maxBytes: 1000, timeoutMs: 15_000 };
const none = { httpProxy: undefined, httpsProxy: undefined, noProxy: undefined };

function http(deps: Partial<ConstructorParameters<typeof Http>[0]> = {}): Http {
  const made = new Http({ clock: fakeClock(), log: silentLog, proxy: none, ...deps });
  onTestFinished(() => made.close());
  return made;
}

function fileOf(content: string, name = "authority.pem"): string {
  const path = join(makeHome().path, name);
  writeFileSync(path, content);
  return path;
}

const get = (url: string) => ({ method: "GET" as const, url });

describe("an authority of a company's own", () => {
  test.each(["CODEX_CA_CERTIFICATE", "SSL_CERT_FILE"] as const)(
    "is trusted when %s names it, also behind a proxy",
    async (variable) => {
      const authority = makeAuthority();
      const server = await secureServer(authority.issue(["api.test", "127.0.0.1"]));
      const caFiles = [{ variable, path: fileOf(`# the company's\n${authority.cert}`) }];
      const direct = await http({ caFiles }).fetchText(get(`https://127.0.0.1:${server.port}/direct`), bounds);
      const proxy = await tunnelProxy(server.port);
      const httpsProxy = `http://${proxy.address}`;
      const proxied = await http({ caFiles, proxy: { ...none, httpsProxy } }).fetchText(
        get("https://api.test/proxied"),
        bounds,
      );
      expect([direct.text, proxied.text]).toEqual(["ok", "ok"]);
      expect(server.heard).toEqual(["GET /direct", "GET /proxied"]);
      expect(proxy.asked.map(({ line }) => line)).toEqual(["CONNECT api.test:443"]);
    },
  );

  test("joins those of the others: neither file shuts the other one out", async () => {
    const [one, two] = [makeAuthority("one"), makeAuthority("two")];
    const servers = await Promise.all([one, two].map((authority) => secureServer(authority.issue(["127.0.0.1"]))));
    const client = http({
      caFiles: [
        { variable: "NODE_EXTRA_CA_CERTS", path: fileOf(one.cert) },
        { variable: "SSL_CERT_FILE", path: fileOf(two.cert) },
      ],
    });
    for (const { port } of servers) {
      expect((await client.fetchText(get(`https://127.0.0.1:${port}`), bounds)).text).toBe("ok");
    }
  });

  test("is read at the first need, not before", async () => {
    const path = join(makeHome().path, "later.pem");
    const authority = makeAuthority();
    const server = await secureServer(authority.issue(["127.0.0.1"]));
    const client = http({ caFiles: [{ variable: "SSL_CERT_FILE", path }] });
    writeFileSync(path, authority.cert);
    const { text } = await client.fetchText(get(`https://127.0.0.1:${server.port}`), bounds);
    expect(text).toBe("ok");
  });
});

describe("a certificate that is not accepted is named, with what to do", () => {
  const authority = makeAuthority();
  const trusted = (): CaFile[] => [{ variable: "SSL_CERT_FILE", path: fileOf(authority.cert) }];
  const cases = {
    "an unknown authority": {
      own: authority.issue(["127.0.0.1"]),
      trust: false,
      why: /not signed by an authority that is trusted here.*company's proxy/,
      next: /NODE_EXTRA_CA_CERTS, SSL_CERT_FILE or CODEX_CA_CERTIFICATE/,
    },
    "one that signs itself": {
      own: makeAuthority("self"),
      trust: false,
      why: /signed by itself/,
      next: /NODE_EXTRA_CA_CERTS/,
    },
    "one that has ended": {
      own: authority.issue(["127.0.0.1"], lastWeek),
      trust: true,
      why: /not valid today, or this machine's clock is wrong/,
      next: /date and time/,
    },
    "one that has not begun": {
      own: authority.issue(["127.0.0.1"], nextWeek),
      trust: true,
      why: /not valid today, or this machine's clock is wrong/,
      next: /date and time/,
    },
    "one of another host": {
      own: authority.issue(["other.test"]),
      trust: true,
      why: /belongs to another host/,
      next: /sign-in of its own/,
    },
  };

  test.each(Object.entries(cases))("%s", async (_, { own, trust, why, next }) => {
    const server = await secureServer(own);
    const client = http({ caFiles: trust ? trusted() : [] });
    const error = await failure(client.fetchText(get(`https://127.0.0.1:${server.port}`), bounds));
    expect(error).toMatchObject({ code: "NETWORK", details: { retryable: false, unsent: true } });
    expect(error.details.why).toMatch(why);
    expect(renderNext(error, "mcp")).toMatch(next);
    expect(server.heard).toEqual([]);
  });

  test("a port that speaks no TLS", async () => {
    const plain = await tunnelProxy("");
    const error = await failure(http().fetchText(get(`https://${plain.address}`), bounds));
    expect(error.details).toMatchObject({
      retryable: false,
      why: expect.stringContaining("does not speak TLS") as string,
    });
  });

  test("with the file that could have helped, where that one cannot be used", async () => {
    const server = await secureServer(authority.issue(["127.0.0.1"]));
    const client = http({ caFiles: [{ variable: "SSL_CERT_FILE", path: "/nowhere/ca.pem" }] });
    const error = await failure(client.fetchText(get(`https://127.0.0.1:${server.port}`), bounds));
    expect(error.details.why).toMatch(/SSL_CERT_FILE names \/nowhere\/ca\.pem, which does not exist\.$/);
  });
});

describe("a file of certificates that gives none", () => {
  const notice = async (path: string, variable: CaFile["variable"] = "SSL_CERT_FILE") =>
    (await new CertificateStore([{ variable, path }]).notices()).join();
  const broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";

  test.each([
    ["nothing", "", "which holds no certificate in PEM form"],
    ["a key", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "holds no certif"],
    ["junk between the marks", broken, "which holds no certificate in PEM form"],
  ])("because it holds %s", async (_, content, words) => {
    const path = fileOf(content);
    expect(await notice(path)).toContain(`SSL_CERT_FILE names ${path}, which`);
    expect(await notice(path)).toContain(words);
  });

  test("because it is missing, a folder, or relative to who knows what", async () => {
    const { path } = makeHome();
    mkdirSync(join(path, "folder"));
    expect(await notice(join(path, "missing.pem"), "NODE_EXTRA_CA_CERTS")).toBe(
      `NODE_EXTRA_CA_CERTS names ${path}/missing.pem, which does not exist.`,
    );
    expect(await notice(join(path, "folder"))).toContain("which is not a file.");
    expect(await notice("package.json")).toContain("which is not an absolute path: it is not trusted.");
    expect(await notice(`${path}/x.pem\r\n[TOKEN] forged`)).not.toMatch(/[\r\n]/);
  });

  test("a broken one among good ones spoils nothing", async () => {
    const { cert } = makeAuthority();
    const files = [{ variable: "SSL_CERT_FILE" as const, path: fileOf(`${broken}text\n${cert}`) }];
    const authorities = new CertificateStore(files);
    expect((await authorities.reports())[0]?.certificates).toEqual([cert.trim()]);
    expect(await authorities.context()).toBeDefined();
  });

  test("never keeps the program from its work", async () => {
    const { path } = makeHome();
    const authorities = new CertificateStore([{ variable: "SSL_CERT_FILE", path }]);
    expect(await authorities.context()).toBeUndefined();
  });
});

describe("unchecked certificates", () => {
  test("nothing is sent to another machine, not even a connection is made", async () => {
    const proxy = await tunnelProxy("");
    const client = http({
      tlsUnverified: true,
      proxy: { ...none, httpsProxy: `http://${proxy.address}` },
    });
    const request = { ...get("https://api.test/x"), headers: { authorization: "Bearer secret" } };
    const error = await failure(client.fetchText(request, bounds));
    expect(error.code).toBe("CONFIG");
    expect(error.details.why).toContain("NODE_TLS_REJECT_UNAUTHORIZED=0");
    expect(proxy.asked).toEqual([]);
  });

  test("this machine is asked all the same", async () => {
    const authority = makeAuthority();
    const server = await secureServer(authority.issue(["127.0.0.1"]));
    const caFiles = [{ variable: "SSL_CERT_FILE" as const, path: fileOf(authority.cert) }];
    const client = http({ tlsUnverified: true, caFiles });
    expect((await client.fetchText(get(`https://127.0.0.1:${server.port}`), bounds)).text).toBe("ok");
  });
});

test("other machines are checked even where the environment says otherwise", async () => {
  const before = process.env["NODE_TLS_REJECT_UNAUTHORIZED"];
  process.env["NODE_TLS_REJECT_UNAUTHORIZED"] = "0";
  onTestFinished(() => {
    if (before === undefined) delete process.env["NODE_TLS_REJECT_UNAUTHORIZED"];
    else process.env["NODE_TLS_REJECT_UNAUTHORIZED"] = before;
  });
  const server = await secureServer(makeAuthority().issue(["api.test"]));
  const proxy = await tunnelProxy(server.port);
  // The settings' own check is left out on purpose.
  const client = http({ proxy: { ...none, httpsProxy: `http://${proxy.address}` } });
  const error = await failure(client.fetchText(get("https://api.test/"), bounds));
  expect(error.code).toBe("NETWORK");
  expect(server.heard).toEqual([]);
});

test("a header that a line end would split is not sent, and its value not shown", async () => {
  const server = await secureServer(makeAuthority().issue(["127.0.0.1"]));
  for (const end of ["\r\nx-forged: 1", "\n", "\0", "€"]) {
    const headers = { authorization: `Bearer sk-canary${end}` };
    const request = { ...get(`https://127.0.0.1:${server.port}`), headers };
    const error = await failure(http().fetchText(request, bounds));
    expect(error.code).toBe("CONFIG");
    expect(error.message).toContain("The header authorization cannot be sent");
    expect(JSON.stringify([error.message, error.details])).not.toContain("sk-canary");
  }
});
