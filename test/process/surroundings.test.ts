import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { expect, test } from "vitest";
import { makeHome, writeLogin } from "../support/home.ts";
import { listen } from "../support/listener.ts";
import { simulate, startServer } from "../support/server.ts";

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
