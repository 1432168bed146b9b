import { execFileSync, spawnSync } from "node:child_process";
import { connect } from "node:net";
import { refreshArgument } from "../../../src/app/refresh-command.ts";

/** Without it nothing can be shown as a person sees it. */
export const hasTmux = spawnSync("tmux", ["-V"]).status === 0;

export interface ProcessLine {
  pid: number;
  parent: number;
  command: string;
}

/** Every process of this machine. */
export function processes(): ProcessLine[] {
  const list = execFileSync("ps", ["-A", "-ww", "-o", "pid=,ppid=,args="], { encoding: "utf8" });
  return list.split("\n").flatMap((line) => {
    const [, pid, parent, command = ""] = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? [];
    return pid === undefined ? [] : [{ pid: Number(pid), parent: Number(parent), command }];
  });
}

/** The server that this Claude Code started; it is its direct child. */
export function serverOf(host: number): number | undefined {
  return processes().find(({ parent, command }) => parent === host && command.includes("codex-oauth.mjs"))?.pid;
}

/** The process that this server has started for a refresh of the login. */
export function refreshOf(server: number): number | undefined {
  return processes().find(({ parent, command }) => parent === server && command.includes(refreshArgument))?.pid;
}

/** True when a condition of the outside world is met in time; it is looked at again and again. */
export async function within(ms: number, holds: () => boolean | Promise<boolean>): Promise<boolean> {
  const until = performance.now() + ms;
  for (;;) {
    if (await holds()) return true;
    if (performance.now() > until) return false;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

/** False for a zombie, too: it holds nothing any more. */
export function isAlive(pid: number): boolean {
  try {
    const state = execFileSync("ps", ["-o", "stat=", "-p", String(pid)], { encoding: "utf8" });
    return !state.trim().startsWith("Z");
  } catch {
    return false;
  }
}

/** Whether something listens on a port of loopback. */
export function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    const settle = (open: boolean): void => {
      socket.destroy();
      resolve(open);
    };
    socket.once("connect", () => {
      settle(true);
    });
    socket.once("error", () => {
      settle(false);
    });
  });
}
