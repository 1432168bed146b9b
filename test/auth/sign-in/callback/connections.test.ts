import { Server } from "node:net";
import { networkInterfaces } from "node:os";
import { expect, onTestFinished, test, vi } from "vitest";
import { callbackState, expectPortFree, goodCallback, holdPort, listenForCallback } from "../../../support/callback.ts";
import { connectionRefusal, openConnection, sendRaw } from "../../../support/raw-http.ts";

const families = ["127.0.0.1", "::1"] as const;

test("200 silent connections and slow senders hold neither the answer nor the port", async () => {
  const { server, port, responses } = await listenForCallback();
  const silent = await Promise.all(Array.from({ length: 200 }, (_, n) => openConnection(port, families[n % 2])));
  const slow = await Promise.all(families.map((host) => openConnection(port, host)));
  for (const { write } of slow) write(`GET ${goodCallback} HTTP/1.1\r\nHost: localhost:${port}\r\n`);

  expect((await sendRaw(port, goodCallback)).status).toBe(200);
  await server.close();
  await expectPortFree(port);
  // Nothing, not even a 408: they were dropped when the login was over, not by a time-out of theirs.
  const received = await Promise.all([...silent, ...slow].map(({ ended }) => ended));
  expect(new Set(received)).toEqual(new Set([""]));
  expect(responses).toHaveLength(1);
});

test("closing lets an answer that is under way arrive whole", async () => {
  const { server, port } = await listenForCallback({
    decide: () => {
      void server.close(); // as a login does that is decided
      return Promise.resolve();
    },
  });
  const page = await sendRaw(port, goodCallback);
  expect(page.status).toBe(200);
  expect(Buffer.byteLength(page.body, "latin1")).toBe(Number(page.headers["content-length"]));
  await expectPortFree(port);
});

test("a body that never ends holds nobody up", async () => {
  const { server, port } = await listenForCallback();
  const post = await openConnection(port);
  const head = ["POST /auth/callback HTTP/1.1", `Host: localhost:${port}`, "Content-Length: 100"];
  post.write(`${head.join("\r\n")}\r\n\r\nx`);
  await post.until("405");
  expect((await sendRaw(port, goodCallback)).status).toBe(200);
  await server.close();
  expect(await post.ended).toContain("405");
  await expectPortFree(port);
});

const tlsHello = Buffer.from("160301002f0100002b0303" + "00".repeat(32) + "000002130100", "hex");
const garbage: [string, string | Uint8Array][] = [
  ["zeros", Buffer.alloc(512)],
  ["bytes of every value", Buffer.from(Array.from({ length: 256 }, (_, n) => n))],
  ["a TLS hello", tlsHello],
  ["the HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"],
  ["an HTTP/0.9 request", `GET ${goodCallback}\r\n\r\n`],
  ["no HTTP at all", "hello?\r\n\r\n"],
  ["a 64 KiB request line", `GET /auth/callback?${"x".repeat(64 * 1024)} HTTP/1.1\r\n\r\n`],
  [
    "100 KB of error description",
    `GET /auth/callback?error=x&state=${callbackState}&error_description=${"A".repeat(100_000)} HTTP/1.1\r\n\r\n`,
  ],
  ["a million bytes of head", `GET / HTTP/1.1\r\n${"X-Long: y\r\n".repeat(90_000)}\r\n`],
  ["two lengths", "GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n"],
  ["a tunnel", "CONNECT evil.test:443 HTTP/1.1\r\nHost: evil.test:443\r\n\r\n"],
];

test.each(garbage)("%s are refused, and the login goes on", async (_, bytes) => {
  const { port, responses } = await listenForCallback();
  const connection = await openConnection(port);
  connection.write(bytes);
  expect(await connection.ended).toMatch(/^($|HTTP\/1\.1 4\d\d )/);
  expect(responses).toEqual([]);
  expect((await sendRaw(port, goodCallback)).status).toBe(200);
});

test("a browser with many cookies of other local programs can come back", async () => {
  const { port } = await listenForCallback();
  const cookies = Array.from({ length: 12 }, (_, n) => `app${n}=${"c".repeat(4_000)}`).join("; ");
  const headers = [`Host: localhost:${port}`, `Cookie: ${cookies}`];
  expect((await sendRaw(port, goodCallback, { headers })).status).toBe(200);
});

test("answers on both loopback families", async () => {
  for (const host of families) {
    const { port } = await listenForCallback();
    expect((await sendRaw(port, goodCallback, { host })).status, host).toBe(200);
  }
});

test("is not there for anything but the two loopback addresses", async () => {
  const { port } = await listenForCallback();
  const outside = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ internal, address }) => !internal && !address.startsWith("fe80:"))
    .map(({ address }) => address);
  // Linux answers on all of 127.0.0.0/8 where a program listens on every address.
  const loopback = process.platform === "linux" ? ["127.0.0.2"] : [];
  for (const address of [...loopback, ...outside]) {
    expect(await connectionRefusal(port, address), address).toBe("ECONNREFUSED");
  }
});

test.each(families)("leaves a port alone whose %s side belongs to somebody else", async (host) => {
  const taken = await holdPort(host);
  const { port } = await listenForCallback({ ports: [taken, 0] });
  expect(port).not.toBe(taken);
  const other = host === "::1" ? "127.0.0.1" : "::1";
  expect(await connectionRefusal(taken, other)).toBe("ECONNREFUSED");
  expect(await connectionRefusal(taken, host)).toBeUndefined();
  expect((await sendRaw(port, goodCallback)).status).toBe(200);
});

test("names both ports when other programs hold them", async () => {
  const ports = [await holdPort("127.0.0.1"), await holdPort("::1")];
  const error: unknown = await listenForCallback({ ports }).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: "LOGIN_PORT_BUSY" });
  for (const port of ports) expect(String(error)).toContain(String(port));
});

test("two logins of one machine listen side by side", async () => {
  const first = await listenForCallback();
  const second = await listenForCallback({ ports: [first.port, 0] });
  expect(second.port).not.toBe(first.port);
  expect((await sendRaw(second.port, goodCallback)).status).toBe(200);
  expect(first.responses).toEqual([]);
});

test.each(["EADDRNOTAVAIL", "EAFNOSUPPORT"])(
  "a machine without IPv6 (%s) is no busy port: it listens on IPv4 alone",
  async (code) => {
    const listen = Object.getOwnPropertyDescriptor(Server.prototype, "listen")?.value as () => Server;
    const spy = vi.spyOn(Server.prototype, "listen");
    spy.mockImplementation(function (this: Server, ...args: unknown[]) {
      const [{ host }] = args as [{ host: string }];
      if (host !== "::1") return listen.apply(this, args as []);
      queueMicrotask(() => this.emit("error", Object.assign(new Error(code), { code })));
      return this;
    });
    onTestFinished(() => {
      spy.mockRestore();
    });
    const { port } = await listenForCallback();
    expect((await sendRaw(port, goodCallback)).status).toBe(200);
  },
);
