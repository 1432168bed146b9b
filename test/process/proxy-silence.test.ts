import { expect, test } from "vitest";
import { listenOnly } from "../support/evil.ts";
import { makeHome } from "../support/home.ts";
import { RawClient } from "../support/raw-client.ts";
import { simulate, startProcess } from "../support/server.ts";

const hour = 3_600_000;

/** A server, and a sign-in that waits for a proxy which never answers. */
async function signInThroughSilence() {
  const [simulator, proxy] = [await simulate(), await listenOnly()];
  const env = {
    CODEX_ISSUER: "https://issuer.test",
    CODEX_BASE_URL: "https://api.test",
    HTTPS_PROXY: proxy.origin,
  };
  const limits = { shutdownGraceMs: hour, tokenRequestTimeoutMs: hour };
  const transport = startProcess({ simulator, home: makeHome(), limits, env });
  const client = new RawClient(transport);
  await client.initialize();
  const params = { name: "codex_login", arguments: { method: "device", wait_seconds: 0 } };
  client.send({ jsonrpc: "2.0", id: "login", method: "tools/call", params });
  expect(await proxy.heard).toMatch(/^CONNECT issuer\.test:443 /);
  return { transport, client };
}

test("a proxy that never answers keeps no server alive", async () => {
  const { transport } = await signInThroughSilence();
  transport.child.stdin.end();
  expect(await transport.exited).toEqual({ code: 0, signal: null });
});

test("a proxy that never answers keeps neither a cancellation nor a sign-out waiting", async () => {
  const { client } = await signInThroughSilence();
  client.notify("notifications/cancelled", { requestId: "login" });
  const { result } = await client.call("codex_clear");
  expect(result?.content?.[0]?.text).toMatch(/^Nothing to clear/);
});
