import { readdir, readFile, readlink } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { errnoOf } from "./files/errors.ts";

/** The program that listens on a port. */
export interface PortHolder {
  /** From /proc/PID/comm, at most 15 characters. */
  name: string;
  pid: number;
}

/** State of a listening socket in /proc/net/tcp. */
const listening = "0A";

/**
 * Finds the process that listens on the TCP port, through its socket's inode in /proc. Undefined if there is none, for
 * another user's process, and on other systems than Linux.
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

/** Inodes of the sockets that listen on the port, from columns 2, 4 and 10 of the table. */
function listenersOf(table: string, port: number): string[] {
  return table.split("\n").flatMap((line) => {
    const columns = line.trim().split(/\s+/);
    const [, local = "", , state] = columns;
    const inode = columns[9];
    const listens = portOf(local) === port && state === listening;
    return listens && inode !== undefined && inode !== "0" ? [inode] : [];
  });
}

/**
 * Whether a process of another user than this one or root has a TCP socket from one port of this machine to another. On
 * other systems than Linux it can't be told, and the answer is false.
 */
export async function isOtherUser(from: number, to: number, proc = "/proc"): Promise<boolean> {
  const own = process.geteuid?.();
  const tables = await Promise.all(["tcp", "tcp6"].map((name) => read(join(proc, "net", name))));
  return tables.flatMap((table) => usersOf(table, from, to)).some((user) => user !== 0 && user !== own);
}

/** Users of the sockets between the two ports, from columns 2, 3 and 8 of the table. */
function usersOf(table: string, from: number, to: number): number[] {
  return table.split("\n").flatMap((line) => {
    const [, local = "", remote = "", , , , , user] = line.trim().split(/\s+/);
    return portOf(local) === from && portOf(remote) === to && user !== undefined ? [Number(user)] : [];
  });
}

/** The port of `ADDRESS:PORT`, both in hex. */
function portOf(address: string): number {
  return Number.parseInt(address.split(":")[1] ?? "", 16);
}

/** A process chooses its own name, which must not inject anything into a terminal or a prompt. */
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
 * Whether this error of `listen` means that the machine lacks the address family: then no other program can listen
 * there either.
 */
export function lacksFamily(errno: string): boolean {
  return ["EADDRNOTAVAIL", "EAFNOSUPPORT", "EINVAL"].includes(errno);
}

/** "reserved": no program listens, but the system refuses to give the port away. */
export type PortState = "free" | "busy" | "reserved";

/**
 * Checks whether a sign-in could listen on the port now, by binding it for an instant. Both loopback families are
 * tried, since a browser may use either. Never fails.
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
      else resolve(code === "EACCES" ? "reserved" : "busy");
    });
    server.listen({ port, host, exclusive: true }, () => {
      server.close(() => {
        resolve("free");
      });
    });
  });
}
