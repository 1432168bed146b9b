import { createServer, type AddressInfo, type Server } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { probePort } from "../../src/platform/ports.ts";

async function holding(host: string): Promise<{ server: Server; port: number }> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen(0, host, resolve);
  });
  onTestFinished(() => {
    server.close();
  });
  return { server, port: (server.address() as AddressInfo).port };
}

test.each(["127.0.0.1", "::1"])("a port that somebody holds on %s is held", async (host) => {
  const { port, server } = await holding(host).catch(() => holding("127.0.0.1")); // without IPv6
  expect(await probePort(port)).toBe("busy");
  await new Promise((resolve) => server.close(resolve));
  expect(await probePort(port)).toBe("free");
});

test("a free port stays free for who comes next", async () => {
  const { port, server } = await holding("127.0.0.1");
  await new Promise((resolve) => server.close(resolve));
  expect([await probePort(port), await probePort(port)]).toEqual(["free", "free"]);
});
