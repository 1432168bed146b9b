import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { portHolder } from "../../src/platform/ports.ts";
import { holdPort } from "../support/callback.ts";
import { makeHome } from "../support/home.ts";

const header = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n";
const row = (local: string, state: string, inode: number): string =>
  `   0: ${local} 00000000:0000 ${state} 00000000:00000000 00:00000000 00000000  1000        0 ${inode} 1 0\n`;

/** A /proc with one process that has the socket open. */
function procWith({ tcp = "", tcp6 = "", name = "codex\n" }): string {
  const { path } = makeHome();
  mkdirSync(join(path, "net"));
  writeFileSync(join(path, "net/tcp"), header + tcp);
  writeFileSync(join(path, "net/tcp6"), header + tcp6);
  mkdirSync(join(path, "77/fd"), { recursive: true });
  mkdirSync(join(path, "self"));
  symlinkSync("/dev/null", join(path, "77/fd/0"));
  symlinkSync("socket:[4242]", join(path, "77/fd/5"));
  writeFileSync(join(path, "77/comm"), name);
  mkdirSync(join(path, "78")); // another user's: its files cannot be listed
  return path;
}

// 1455 is 05AF.
test.each([
  ["IPv4", { tcp: row("0100007F:05AF", "0A", 4242) }],
  ["IPv6", { tcp6: row("00000000000000000000000001000000:05AF", "0A", 4242) }],
])("names the program that listens on %s", async (_, tables) => {
  expect(await portHolder(1455, procWith(tables))).toEqual({ name: "codex", pid: 77 });
});

test.each([
  ["another port", row("0100007F:05B1", "0A", 4242)],
  ["a connection, not a listener", row("0100007F:05AF", "01", 4242)],
  ["a socket of a process that cannot be seen", row("0100007F:05AF", "0A", 1)],
  ["nobody", ""],
])("tells nothing for %s", async (_, tcp) => {
  expect(await portHolder(1455, procWith({ tcp }))).toBeUndefined();
});

test("tells nothing where there is no /proc", async () => {
  expect(await portHolder(1455, "/nowhere")).toBeUndefined();
});

test("a name cannot steer a terminal or pretend to be a sentence", async () => {
  const tcp = row("0100007F:05AF", "0A", 4242);
  const name = "a\u001b[2Jb); rm -rf\n";
  expect((await portHolder(1455, procWith({ tcp, name })))?.name).toBe("a 2Jb rm -rf");
});

test.runIf(process.platform === "linux")("finds this very process by a port that it holds", async () => {
  const port = await holdPort("127.0.0.1");
  const name = readFileSync("/proc/self/comm", "utf8").trim();
  expect(await portHolder(port)).toEqual({ name, pid: process.pid });
});
