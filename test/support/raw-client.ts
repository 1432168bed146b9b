import { expect } from "vitest";
import type { ChildTransport } from "./child-transport.ts";

export interface RawAnswer {
  jsonrpc: string;
  id: unknown;
  result?: { content?: { type: string; text: string }[]; isError?: boolean } & Record<string, unknown>;
  error?: { code: number; message: string };
}

/** JSON-RPC by hand, for what no client library would send. */
export class RawClient {
  readonly #transport: ChildTransport;
  #id = 1_000;

  constructor(transport: ChildTransport) {
    this.#transport = transport;
  }

  send(message: object): void {
    this.#transport.write(`${JSON.stringify(message)}\n`);
  }

  /** Send a request and give its answer. */
  async request(method: string, params: object = {}, id: unknown = this.#id++): Promise<RawAnswer> {
    this.send({ jsonrpc: "2.0", id, method, params });
    return this.answer(id);
  }

  async call(name: string, args: unknown = {}, id: unknown = this.#id++): Promise<RawAnswer> {
    return this.request("tools/call", { name, arguments: args }, id);
  }

  notify(method: string, params?: unknown): void {
    this.send({ jsonrpc: "2.0", method, params });
  }

  /** The first answer to an id, already there or to come. */
  async answer(id: unknown): Promise<RawAnswer> {
    const isIt = (line: string): boolean => {
      const message = JSON.parse(line) as Partial<RawAnswer & { method: string }>;
      return message.method === undefined && message.id === id;
    };
    return JSON.parse(await this.#transport.lineWhere(isIt)) as RawAnswer;
  }

  /** Every message so far. */
  messages<Message = RawAnswer>(): Message[] {
    return this.#transport.lines.map((line) => JSON.parse(line) as Message);
  }

  /** How many answers an id has got so far. */
  count(id: unknown): number {
    return this.messages<RawAnswer & { method?: string }>().filter(
      (message) => message.method === undefined && message.id === id,
    ).length;
  }

  async initialize(protocolVersion = "2025-11-25"): Promise<RawAnswer> {
    const clientInfo = { name: "raw", version: "1.0.0" };
    const params = { protocolVersion, capabilities: {}, clientInfo };
    const answer = await this.request("initialize", params);
    this.notify("notifications/initialized");
    return answer;
  }

  /** Fail unless the server still does its work. */
  async expectWorking(): Promise<void> {
    const { result } = await this.call("codex_status");
    expect(result?.content?.[0]?.text).toMatch(/^Not OpenAI's own servers: .*\n(Not signed in|Signed in as)/);
  }
}
