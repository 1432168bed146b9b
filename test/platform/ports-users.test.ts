import { mkdirSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { deferred } from "../../src/platform/promises.ts";
import { isOtherUser } from "../../src/platform/ports.ts";
import { makeHome } from "../support/home.ts";
import { openConnection } from "../support/raw-http.ts";
import { withoutPrivileges } from "../support/ordinary-user.ts";

const own = process.geteuid?.() ?? 0;
const head = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode";

/** A /proc with one connection from port 50000 to 1455, as a table shows it. */
function procWith(table: "tcp" | "tcp6", address: string, user: number): string {
  const proc = join(makeHome().path, "proc");
  mkdirSync(join(proc, "net"), { recursive: true });
  const [client, server] = [`${address}:C350`, `${address}:05AF`];
  const row = (local: string, remote: string, uid: number) =>
    `   1: ${local} ${remote} 01 00000000:00000000 00:00000000 00000000 ${String(uid).padStart(5)}        0 4242 1 0 20 4 30 10 -1`;
  writeFileSync(join(proc, "net", table), [head, row(client, server, user), row(server, client, own), ""].join("\n"));
  return proc;
}

const v4 = "0100007F";
const mapped = "0000000000000000FFFF00000100007F";

test.each([
  ["another user", "tcp", v4, own + 1_234, true],
  ["another user, over IPv6", "tcp6", "00000000000000000000000001000000", own + 1_234, true],
  ["another user, with IPv4 in an IPv6 socket", "tcp6", mapped, own + 1_234, true],
  ["this user", "tcp", v4, own, false],
  ["root, as the relay of WSL", "tcp", v4, 0, false],
] as const)("a connection of %s is told apart", async (_, table, address, user, expected) => {
  const proc = procWith(table, address, user);
  expect(await isOtherUser(50_000, 1_455, proc)).toBe(expected);
  expect(await isOtherUser(50_001, 1_455, proc)).toBe(false);
  expect(await isOtherUser(50_000, 1_457, proc)).toBe(false);
});

test("without a /proc nobody is known to be another user", async () => {
  expect(await isOtherUser(50_000, 1_455, join(makeHome().path, "none"))).toBe(false);
});

/** A connection of this machine, and its two ports. */
async function connection() {
  const accepted = deferred<Socket>();
  const server = createServer((socket) => {
    accepted.resolve(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  await openConnection(port);
  return { from: (await accepted.promise).remotePort ?? 0, to: port };
}

test("a connection of this user is seen as such by the system's own table", async () => {
  const { from, to } = await connection();
  expect(await isOtherUser(from, to)).toBe(false);
});

test.skipIf(process.platform !== "linux" || own !== 0)(
  "a connection of another user is seen as such by the system's own table (only where root runs the tests)",
  async () => {
    const { from, to } = await withoutPrivileges(connection);
    expect(await isOtherUser(from, to)).toBe(true);
  },
);
