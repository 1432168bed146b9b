import { chmodSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import type { Finding } from "../../src/status/finding.ts";
import { formatIdentity } from "../../src/platform/process-identity.ts";
import { makeHome, writeLogin } from "../support/home.ts";
import { deadProcess } from "../support/owners.ts";
import { simulate, startServer, type Answer } from "../support/server.ts";
import { tlsRelay } from "../support/tls-relay.ts";

const hour = 3_600_000;

/** A port of 127.0.0.1 that somebody else listens on. */
async function heldPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

/** As programs get them: with each fix as a sentence. */
type Told = Omit<Finding, "fix"> & { fix?: string };

function findings({ facts }: Answer): readonly Told[] {
  return (facts["details"] as { findings: Told[] }).findings;
}

/** Level, what is the case and what to do, of the findings of one check. */
function of(answer: Answer, check: string): [string, string, string | undefined][] {
  return findings(answer)
    .filter((finding) => finding.check === check)
    .map(({ level, message, fix }) => [level, message, fix]);
}

test("in a world where everything is wrong, every cause is named with its fix", async () => {
  const simulator = await simulate();
  const home = makeHome();
  const { email, accountId } = writeLogin(home, simulator);
  chmodSync(home.authFile, 0o644);
  const dead = deadProcess();
  mkdirSync(`${home.authFile}.lock`);
  writeFileSync(join(`${home.authFile}.lock`, "notes.txt"), "");
  writeFileSync(`${home.authFile}.tmp.${formatIdentity(dead)}.0`, "");
  writeFileSync(`${home.authFile}.damaged-2026-11-20`, "");
  mkdirSync(home.stateDir);
  chmodSync(home.stateDir, 0o755);
  const port = await heldPort();
  const headers = { date: new Date(Date.now() + hour).toUTCString() };
  const challenge = {
    kind: "html" as const,
    headers: { ...headers, "cf-mitigated": "challenge" },
  };
  simulator.always("health", ({ server }) => (server === "auth" ? { kind: "raw", headers, body: "" } : challenge));
  simulator.always("models", challenge);
  const { call, transport } = await startServer({
    simulator,
    home,
    env: {
      SSL_CERT_FILE: join(home.path, "missing.pem"),
      CODEX_CALLBACK_PORTS: String(port),
      CODEX_MODEL: "not a model",
      HTTPS_PROXY: "http://jane:proxy-password@proxy.test:1",
      // Without a debug log nothing is written into the folders that are looked at.
      CODEX_DEBUG: "0",
    },
  });
  const before = readdirSync(home.path).sort();
  const answer = await call("codex_status", { verbose: true });
  expect(answer.isError).toBe(false);

  expect(of(answer, "login file")).toEqual([
    ["problem", "~/auth.json has mode 0644: other users may read or change it.", "Run: chmod 600 ~/auth.json"],
  ]);
  expect(of(answer, "file lock")).toEqual([
    [
      "problem",
      "~/auth.json.lock blocks every change: it holds files, which no lock does.",
      "Remove ~/auth.json.lock.",
    ],
  ]);
  expect(of(answer, "leftover files")[0]?.[1]).toContain("1 temporary file in ~.");
  expect(of(answer, "damaged files")[0]?.[1]).toContain("~/auth.json.damaged-2026-11-20");
  expect(of(answer, "state folder")).toEqual([
    ["note", "~/state has mode 0755: other users may see which files it holds.", "Run: chmod 700 ~/state"],
  ]);
  expect(of(answer, "certificates")).toEqual([
    [
      "problem",
      "SSL_CERT_FILE names ~/missing.pem, which does not exist.",
      "Correct or unset SSL_CERT_FILE, then restart Claude Code.",
    ],
  ]);
  expect(of(answer, "settings")[0]?.[1]).toMatch(/^CODEX_MODEL is not usable/);
  expect(of(answer, `port ${port}`)[0]?.slice(0, 2)).toEqual([
    "problem",
    `node (process ${process.pid}) listens on it.`,
  ]);
  expect(of(answer, "clock")[0]?.[1]).toMatch(/clock is (59 min|1 h) behind the services'/);
  expect(of(answer, "network").map(([level]) => level)).toEqual(["ok", "problem"]);
  expect(of(answer, "network")[1]?.[1]).toContain("challenged by Cloudflare");
  expect(of(answer, "login")[0]?.[1]).toMatch(/^Signed in as .\*\*\*@/);

  // The text says the same, what is wrong first; nothing was changed, and nothing private is told.
  expect(answer.text).toMatch(
    /\ncodex-oauth \d+\.\d+\.\d+, Node v\S+, linux .*\nDoctor: 6 problems, \d notes\.\nPROBLEM {2}/,
  );
  expect(answer.text).toContain("→ Run: chmod 600 ~/auth.json");
  expect(readdirSync(home.path).sort()).toEqual(before);
  const everything = answer.text + JSON.stringify(answer.raw) + transport.stderr;
  for (const secret of [email, accountId, "proxy-password", "jane"]) {
    expect(everything).not.toContain(secret);
  }
});

test("in a sound world there is nothing to say, also behind a company's own authority", async () => {
  const simulator = await simulate();
  const home = makeHome();
  const relay = await tlsRelay(new URL(simulator.baseUrl).origin, home);
  writeLogin(home, simulator, { extraFields: { apiOrigin: relay.origin } });
  const { call } = await startServer({
    simulator,
    home,
    env: {
      CODEX_BASE_URL: `${relay.origin}/backend-api`,
      CODEX_CA_CERTIFICATE: relay.caFile,
      CODEX_DEBUG: "0",
    },
  });
  const status = await call("codex_status", { verbose: true });
  expect(findings(status).filter(({ level }) => level !== "ok")).toEqual([]);
  expect(status.text).toContain("\nDoctor: no problems, no notes.\n");
  expect(of(status, "certificates")[0]?.[1]).toBe("CODEX_CA_CERTIFICATE adds one authority from ~/authority.pem.");
  expect((await call("codex_query", { prompt: "hi" })).isError).toBe(false);
});

test("a certificate that nobody trusts is named with the file that could have helped", async () => {
  const simulator = await simulate();
  const home = makeHome();
  const relay = await tlsRelay(new URL(simulator.baseUrl).origin, home);
  const { call } = await startServer({
    simulator,
    home,
    env: {
      CODEX_BASE_URL: `${relay.origin}/backend-api`,
      SSL_CERT_FILE: join(home.path, "gone.pem"),
    },
  });
  const [, [level, message, fix] = []] = of(await call("codex_status", { verbose: true }), "network");
  expect(level).toBe("problem");
  expect(message).toMatch(/\(DEPTH_ZERO_SELF_SIGNED_CERT\).*gone\.pem, which does not exist/);
  expect(fix).toContain("NODE_EXTRA_CA_CERTS, SSL_CERT_FILE or CODEX_CA_CERTIFICATE");
});

test("unchecked certificates: no tool that needs the network sends anything", async () => {
  const simulator = await simulate();
  const home = makeHome();
  writeLogin(home, simulator);
  const { call, transport } = await startServer({
    simulator,
    home,
    env: { CODEX_BASE_URL: "https://api.test", NODE_TLS_REJECT_UNAUTHORIZED: "0" },
  });
  for (const tool of ["codex_query", "codex_models", "codex_login"]) {
    const { code, text } = await call(tool, tool === "codex_query" ? { prompt: "hi" } : {});
    expect(code, tool).toBe("CONFIG");
    expect(text).toContain("NODE_TLS_REJECT_UNAUTHORIZED cannot be used");
  }
  const status = await call("codex_status", { verbose: true });
  expect(of(status, "settings")[0]?.[1]).toContain("NODE_TLS_REJECT_UNAUTHORIZED");
  expect(of(status, "network")).toEqual([]);
  expect(simulator.requests).toEqual([]);
  expect(transport.lines.join("\n")).not.toContain("Warning");
});
