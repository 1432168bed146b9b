import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { makeHome, writeLogin } from "../support/home.ts";
import { simulate, startServer } from "../support/server.ts";

/** A listener that must hear nothing, or only what the test expects. */
async function listen(server: Server = createServer()) {
  const heard: string[] = [];
  server.on("request", (request, response) => {
    heard.push(`${request.method ?? ""} ${request.url ?? ""}`);
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { heard, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

describe("a setting that cannot be used", () => {
  const needed = {
    origins: ["codex_query", "codex_login", "codex_models"],
    storage: ["codex_query", "codex_login", "codex_models", "codex_clear"],
    ports: ["codex_login"],
  };

  test.each([
    [
      "CODEX_BASE_URL",
      "http://127.0.0.1.evil.test",
      "origins",
      /neither https:.*accepts an https: URL/s,
    ],
    [
      "CODEX_BASE_URL",
      "https://chatgpt.com@evil.test",
      "origins",
      /names a user.*accepts an https/s,
    ],
    ["CODEX_ISSUER", "file:///etc/passwd", "origins", /neither https:.*accepts an https: URL/s],
    [
      "CODEX_AUTH_FILE",
      "relative.json",
      "storage",
      /not an absolute path.*accepts an absolute path/s,
    ],
    ["CODEX_STATE_DIR", "../up", "storage", /not an absolute path.*accepts an absolute path/s],
    ["CODEX_CALLBACK_PORTS", "http", "ports", /not a list of port numbers.*accepts 1455 and 1457/s],
  ] as const)(
    "%s=%s: the server starts, and what needs it answers CONFIG",
    async (name, value, area, words) => {
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
      if (area !== "ports") expect(simulator.requests).toEqual([]);
    },
  );

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
    const [answer, status] = [
      await call("codex_query", { prompt: "hi" }),
      await call("codex_status"),
    ];
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
  for (const [name, value] of [
    ["CODEX_BASE_URL", `${evil.url}/backend-api`],
    ["CODEX_ISSUER", evil.url],
    ["CODEX_BASE_URL", "https://evil.test"],
    ["CODEX_ISSUER", "https://evil.test"],
  ] as const) {
    const home = makeHome();
    const own = name === "CODEX_ISSUER" ? simulator.issuer : new URL(simulator.baseUrl).origin;
    writeLogin(home, simulator, { accessExpiresInMs: -1_000 });
    const { call } = await startServer({ simulator, home, env: { [name]: value } });
    const answer = await call("codex_query", { prompt: "hi" });
    expect(answer.text).toMatch(/^AUTH_REQUIRED: /);
    expect(answer.text).toContain(`${own}, not for ${new URL(value).origin}.`);
    expect((await call("codex_models")).text).toContain("AUTH_REQUIRED: ");
    expect((await call("codex_status")).text).toMatch(/^Not signed in\.\nAUTH_REQUIRED: /);
  }
  expect(evil.heard).toEqual([]);
  expect(simulator.requests).toEqual([]);
});

test("nothing in the project's folder is read", async () => {
  const simulator = await simulate();
  const evil = await listen();
  const home = makeHome();
  writeLogin(home, simulator);
  const project = hostileProject(evil.url);
  const { call } = await startServer({ simulator, home, cwd: project, entry: "shipped" });
  const answer = await call("codex_query", { prompt: "hi" });
  expect(answer.isError).toBe(false);
  expect(answer.facts["model"]).toBe("gpt-6.1-sol");
  expect((await call("codex_status", { verbose: true })).text).not.toContain(evil.url);
  expect(evil.heard).toEqual([]);
  expect(readdirSync(project).sort()).toEqual(projectFiles.toSorted());
});

const projectFiles = [
  ".claude",
  ".codex",
  ".env",
  ".env.local",
  ".mcp.json",
  ".npmrc",
  "auth.json",
  "codex-oauth.json",
  "package.json",
];

/** A repository that would like to have the user's login. */
function hostileProject(url: string): string {
  const project = makeHome().path;
  const env = `CODEX_BASE_URL=${url}\nCODEX_ISSUER=${url}\nCODEX_MODEL=evil\nHTTPS_PROXY=${url}\n`;
  const json = JSON.stringify({
    baseUrl: url,
    issuer: url,
    model: "evil",
    env: { CODEX_MODEL: "evil" },
  });
  for (const name of projectFiles) {
    if (name.endsWith("claude") || name.endsWith("codex")) {
      mkdirSync(join(project, name));
      writeFileSync(join(project, name, "settings.json"), json);
      writeFileSync(join(project, name, "auth.json"), json);
    } else {
      writeFileSync(join(project, name), name.startsWith(".env") ? env : json);
    }
  }
  return project;
}

test("a proxy sees a tunnel and nothing of the login, and its password stays ours", async () => {
  const simulator = await simulate();
  const home = makeHome();
  const tunnels: string[] = [];
  const server = createServer().on("connect", (request, socket) => {
    tunnels.push(`${request.url ?? ""} ${JSON.stringify(request.headers)}`);
    socket.end("HTTP/1.1 502 Bad Gateway\r\n\r\n");
  });
  const proxy = await listen(server);
  const { accessToken } = writeLogin(home, simulator, {
    extraFields: { apiOrigin: "https://api.test" },
  });
  const { call, transport } = await startServer({
    simulator,
    home,
    env: {
      CODEX_BASE_URL: "https://api.test/backend-api",
      HTTPS_PROXY: proxy.url.replace("//", "//jane:proxy-password@"),
      NODE_EXTRA_CA_CERTS: join(home.path, "missing.pem"),
    },
    limits: { retryBaseDelayMs: 1 },
  });
  const { code, text } = await call("codex_query", { prompt: "hi" });
  expect(code).toBe("NETWORK");
  expect(tunnels.length).toBeGreaterThan(0);
  for (const tunnel of tunnels) {
    expect(tunnel).toMatch(/^api\.test:443 /);
    expect(tunnel).not.toContain(accessToken);
  }
  expect(proxy.heard).toEqual([]);
  expect(text + transport.stderr + transport.lines.join("\n")).not.toContain("proxy-password");
});
