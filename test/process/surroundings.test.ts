import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { expect, test } from "vitest";
import { makeAuthority } from "../support/certificates.ts";
import { makeHome, writeLogin } from "../support/home.ts";
import { listen } from "../support/listener.ts";
import { secureServer } from "../support/secure-server.ts";
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

test("an authority in the project's folder is not trusted, though Node has read it", async () => {
  const [simulator, authority, project] = [await simulate(), makeAuthority(), makeHome().path];
  const issuer = await secureServer(authority.issue(["127.0.0.1"]));
  const signIn = async (certificates: string) => {
    const env = { CODEX_ISSUER: `https://127.0.0.1:${issuer.port}`, NODE_EXTRA_CA_CERTS: certificates };
    const { call } = await startServer({ simulator, home: makeHome(), cwd: project, env });
    return { error: await call("codex_login", { method: "device" }), status: (await call("codex_status")).text };
  };
  writeFileSync(join(project, "authority.pem"), authority.cert);
  const { error, status } = await signIn("authority.pem");
  expect([error.code, issuer.heard]).toEqual(["NETWORK", []]);
  expect(status).toContain(
    "NODE_EXTRA_CA_CERTS names authority.pem, which is not an absolute path: it is not trusted.",
  );
  await signIn(join(project, "authority.pem"));
  expect(issuer.heard).not.toEqual([]);
});
