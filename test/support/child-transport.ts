import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import type { JSONRPCMessage } from "@modelcontextprotocol/sdk/types.js";

/** As much of a child process with three pipes as the suite uses. */
export interface PipedChild {
  readonly pid?: number | undefined;
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  kill(signal?: NodeJS.Signals): boolean;
  once(event: "close", listener: (code: number | null, signal: NodeJS.Signals | null) => void): unknown;
}

/** Starts a program with three pipes. */
export type StartChild = (
  command: string,
  args: readonly string[],
  options: { env: Record<string, string>; cwd?: string | undefined },
) => PipedChild;

export const startChild: StartChild = (command, args, options) => spawn(command, args, { ...options, stdio: "pipe" });

/**
 * The client's side of stdio, like the SDK's own, but it keeps every byte that the server wrote:
 * the suite looks at all of it.
 */
export class ChildTransport implements Transport {
  onclose?: () => void;
  onerror?: (error: Error) => void;
  onmessage?: (message: JSONRPCMessage) => void;
  readonly lines: string[] = [];
  readonly child: PipedChild;
  readonly exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  stderr = "";
  readonly #lineListeners = new Set<(line: string) => void>();

  /** @param cwd the folder to start in; a test about hostile projects starts in one */
  constructor(
    command: string,
    args: readonly string[],
    env: Record<string, string>,
    cwd?: string,
    start: StartChild = startChild,
  ) {
    this.child = start(command, args, { env, cwd });
    this.child.stderr.setEncoding("utf8").on("data", (text: string) => (this.stderr += text));
    this.child.stdin.on("error", () => undefined);
    this.exited = new Promise((resolve) => {
      this.child.once("close", (code, signal) => {
        resolve({ code, signal });
        this.onclose?.();
      });
    });
    createInterface({ input: this.child.stdout }).on("line", (line) => {
      this.lines.push(line);
      for (const listener of this.#lineListeners) listener(line);
      this.#deliver(line);
    });
  }

  start(): Promise<void> {
    return Promise.resolve();
  }

  send(message: JSONRPCMessage): Promise<void> {
    this.write(`${JSON.stringify(message)}\n`);
    return Promise.resolve();
  }

  /** Bytes as they are, for what no client would send. */
  write(bytes: string | Uint8Array): void {
    this.child.stdin.write(bytes);
  }

  /** The first line, from now on or earlier, that satisfies the condition. */
  lineWhere(accepts: (line: string) => boolean): Promise<string> {
    const earlier = this.lines.find(accepts);
    if (earlier !== undefined) return Promise.resolve(earlier);
    return new Promise((resolve) => {
      const listener = (line: string): void => {
        if (!accepts(line)) return;
        this.#lineListeners.delete(listener);
        resolve(line);
      };
      this.#lineListeners.add(listener);
    });
  }

  async close(): Promise<void> {
    this.child.stdin.end();
    await this.exited;
  }

  #deliver(line: string): void {
    try {
      this.onmessage?.(JSON.parse(line) as JSONRPCMessage);
    } catch (error) {
      this.onerror?.(error as Error);
    }
  }
}
