import type { JSONRPCMessage } from "@modelcontextprotocol/sdk/types.js";
import { readdirSync, readFileSync } from "node:fs";
import { ChildTransport } from "../test/support/child-transport.ts";

/** A program to measure. */
export interface Contestant {
  name: string;
  /** The Node that runs it. */
  node: string;
  entry: string;
  /** All that it gets: what stands in ours (a CA file, for one) would cost time. */
  env: Record<string, string>;
  /** The tool that takes a `prompt`. */
  tool: string;
}

interface Waiting {
  resolve: (result: Record<string, unknown>) => void;
  reject: (error: Error) => void;
}

/** A contestant's process, spoken to with as little as possible on this side. */
export class Running {
  readonly #transport: ChildTransport;
  readonly #tool: string;
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;

  constructor({ node, entry, env, tool }: Contestant) {
    this.#tool = tool;
    this.#transport = new ChildTransport(node, [entry], env);
    this.#transport.onmessage = (message) => {
      this.#receive(message);
    };
    void this.#transport.exited.then(({ code, signal }) => {
      const end = `the process ended (${code ?? signal ?? ""}): ${this.#transport.stderr}`;
      for (const { reject } of this.#waiting.values()) reject(new Error(end));
    });
  }

  async initialize(): Promise<void> {
    await this.#request("initialize", {
      protocolVersion: "2025-06-18",
      capabilities: {},
      clientInfo: { name: "bench", version: "1.0.0" },
    });
    await this.#send({ jsonrpc: "2.0", method: "notifications/initialized" });
  }

  async listTools(): Promise<void> {
    await this.#request("tools/list", {});
  }

  /** Ask with progress wanted, as hosts do, and see that the whole answer comes. */
  async ask(prompt: string, answerChars: number): Promise<void> {
    const progressToken = this.#lastId + 1;
    const { content, isError } = (await this.#request("tools/call", {
      name: this.#tool,
      arguments: { prompt },
      _meta: { progressToken },
    })) as { content?: { text: string }[]; isError?: boolean };
    const text = content?.[0]?.text ?? "";
    if (isError === true || text.length < answerChars) {
      throw new Error(`no whole answer: ${text.slice(0, 300)}`);
    }
  }

  /** User and system time of all its threads, in ms (proc_pid_schedstat counts in ns). */
  cpuMs(): number {
    const tasks = `/proc/${this.#pid}/task`;
    return readdirSync(tasks)
      .map((task) => Number(readFileSync(`${tasks}/${task}/schedstat`, "utf8").split(" ")[0]) / 1e6)
      .reduce((sum, ms) => sum + ms, 0);
  }

  residentMb(): number {
    const status = readFileSync(`/proc/${this.#pid}/status`, "utf8");
    return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) / 1024;
  }

  async end(): Promise<void> {
    await this.#transport.close();
  }

  get #pid(): number {
    return this.#transport.child.pid ?? 0;
  }

  #request(method: string, params: Record<string, unknown>): Promise<Record<string, unknown>> {
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      void this.#send({ jsonrpc: "2.0", id, method, params });
    });
  }

  async #send(message: JSONRPCMessage): Promise<void> {
    await this.#transport.send(message);
  }

  #receive(message: JSONRPCMessage): void {
    if (!("id" in message) || typeof message.id !== "number") return;
    const waiting = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    if ("result" in message) waiting?.resolve(message.result);
    else waiting?.reject(new Error(JSON.stringify(message)));
  }
}
