import { readdir, readFile, readlink } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { errnoOf } from "./files/errors.ts";

/** The program that listens on a port. */
export interface PortHolder {
  /** As the system shows it, at most 15 characters. */
  name: string;
  pid: number;
}

/** State of a listening socket in /proc/net/tcp. */
const listening = "0A";

/**
 * Who listens on the TCP port, from /proc: the socket's inode, the process that has it open, its name. Undefined where
 * the system does not tell: not Linux, another user's process, nobody.
 */
export async function portHolder(port: number, proc = "/proc"): Promise<PortHolder | undefined> {
  const tables = await Promise.all(["tcp", "tcp6"].map((name) => read(join(proc, "net", name))));
  const inodes = new Set(tables.flatMap((table) => listenersOf(table, port)));
  if (inodes.size === 0) return undefined;
  const processes = (await entries(proc)).filter((name) => /^\d+$/.test(name));
  for (const pid of processes) {
    const fds = join(proc, pid, "fd");
    for (const fd of await entries(fds)) {
      const target = await readlink(join(fds, fd)).catch(() => "");
      const inode = /^socket:\[(\d+)\]$/.exec(target)?.[1];
      if (inode === undefined || !inodes.has(inode)) continue;
      return { name: plainName(await read(join(proc, pid, "comm"))), pid: Number(pid) };
    }
  }
  return undefined;
}

/** Inodes of the sockets that listen on the port: columns 2, 4 and 10 of the table. */
function listenersOf(table: string, port: number): string[] {
  return table.split("\n").flatMap((line) => {
    const columns = line.trim().split(/\s+/);
    const [, local = "", , state] = columns;
    const inode = columns[9];
    const listens = Number.parseInt(local.split(":")[1] ?? "", 16) === port && state === listening;
    return listens && inode !== undefined && inode !== "0" ? [inode] : [];
  });
}

/** A process chooses its own name: nothing of it may steer a terminal or a reader. */
function plainName(comm: string): string {
  return (
    comm
      .replace(/[^\w.+-]+/g, " ")
      .trim()
      .slice(0, 15) || "a program"
  );
}

function read(path: string): Promise<string> {
  return readFile(path, "utf8").catch(() => "");
}

function entries(folder: string): Promise<string[]> {
  return readdir(folder).catch(() => []);
}

/**
 * Whether this error of `listen` says that the machine does without the address family, so that no other program can
 * listen there either.
 */
export function lacksFamily(errno: string): boolean {
  return ["EADDRNOTAVAIL", "EAFNOSUPPORT", "EINVAL"].includes(errno);
}

/** "reserved": nobody listens, and still the system gives the port to nobody. */
export type PortState = "free" | "held" | "reserved";

/**
 * Whether a sign-in could listen on the port now: on both loopback families, as the browser may come to either. What
 * was bound for the look is closed again. Never fails.
 */
export async function probePort(port: number): Promise<PortState> {
  const [v4, v6] = [await tryBind(port, "127.0.0.1"), await tryBind(port, "::1")];
  return [v4, v6].find((state) => state !== "free") ?? "free";
}

function tryBind(port: number, host: string): Promise<PortState> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once("error", (error) => {
      const code = errnoOf(error) ?? "";
      if (lacksFamily(code)) resolve("free");
      else resolve(code === "EACCES" ? "reserved" : "held");
    });
    server.listen({ port, host, exclusive: true }, () => {
      server.close(() => {
        resolve("free");
      });
    });
  });
}
