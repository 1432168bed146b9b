import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import {
  ErrorCode,
  type JSONRPCMessage,
  JSONRPCMessageSchema,
  type JSONRPCRequest,
} from "@modelcontextprotocol/sdk/types.js";
import type { Readable, Writable } from "node:stream";

const endBytes = 1_024;

const id = String.raw`"id"\s*:\s*(\d+|"[^"\\]*")\s*`;
const otherField = String.raw`\s*"(?:jsonrpc|method)"\s*:\s*"[^"\\]*"\s*`;
const idAtStart = new RegExp(String.raw`^\s*\{(?:${otherField},)*\s*${id},`);
const idAtEnd = new RegExp(String.raw`,\s*${id}(?:,${otherField})*\}\s*$`);

/**
 * Finds the id of a JSON-RPC message too long to buffer, from its first and last 1,024 bytes: clients write the id near
 * one end, with only the version and the method outside.
 */
class OversizedMessageId {
  readonly #head: string;
  #tail = Buffer.alloc(0);

  /** @param chunks the message so far */
  constructor(chunks: readonly Buffer[]) {
    let size = 0;
    const enough = chunks.findIndex((chunk) => (size += chunk.length) >= endBytes);
    const first = enough === -1 ? chunks : chunks.slice(0, enough + 1);
    this.#head = Buffer.concat(first).toString("utf8", 0, endBytes);
    for (const chunk of chunks.slice(-endBytes)) this.add(chunk);
  }

  add(chunk: Buffer): void {
    const last = chunk.subarray(-endBytes);
    this.#tail = Buffer.concat([this.#tail, last]).subarray(-endBytes);
  }

  /** Null if the message has none, or not near an end. */
  get id(): string | number | null {
    const found = idAtStart.exec(this.#head) ?? idAtEnd.exec(this.#tail.toString("utf8"));
    return found?.[1] === undefined ? null : (JSON.parse(found[1]) as string | number);
  }
}

const { ParseError: parseError, InvalidRequest: invalidRequest, InvalidParams: invalidParams } = ErrorCode;

interface StdioTransportOptions {
  input: Readable;
  output: Writable;
  /** A longer message is refused; the connection stays open. */
  maxMessageBytes: number;
  /** What is wrong with a request's parameters, as a sentence. */
  paramsFault: (request: JSONRPCRequest) => string | undefined;
  /** The client is gone: the input ended, or the output was closed. */
  onDisconnect: () => void;
}

/**
 * MCP over stdio: one JSON-RPC message a line. It replaces the SDK's own transport: see
 * docs/decisions.md#the-sdks-low-level-server-and-our-own-transport.
 */
export class StdioTransport implements Transport {
  onclose?: () => void;
  onerror?: (error: Error) => void;
  onmessage?: (message: JSONRPCMessage) => void;
  readonly #options: StdioTransportOptions;
  #chunks: Buffer[] = [];
  #size = 0;
  #oversized: OversizedMessageId | undefined;
  #connected = true;

  constructor(options: StdioTransportOptions) {
    this.#options = options;
  }

  start(): Promise<void> {
    const { input, output } = this.#options;
    const disconnected = (): void => {
      this.#disconnect();
    };
    input.on("data", (chunk: Buffer) => {
      this.#split(chunk);
    });
    input.once("end", disconnected).once("close", disconnected).on("error", disconnected);
    output.once("close", disconnected).on("error", disconnected);
    return Promise.resolve();
  }

  send(message: JSONRPCMessage): Promise<void> {
    return this.#write(message);
  }

  close(): Promise<void> {
    this.#connected = false;
    this.#options.input.pause();
    this.onclose?.();
    return Promise.resolve();
  }

  #disconnect(): void {
    if (!this.#connected) return;
    this.#connected = false;
    this.#options.onDisconnect();
  }

  #write(message: object): Promise<void> {
    if (!this.#connected) return Promise.resolve();
    return new Promise((resolve) => {
      // A failed write is no error here: the output's error event has already ended the connection.
      this.#options.output.write(`${JSON.stringify(message)}\n`, () => {
        resolve();
      });
    });
  }

  #split(chunk: Buffer): void {
    let start = 0;
    for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, start)) {
      this.#append(chunk.subarray(start, end));
      this.#endLine();
      start = end + 1;
    }
    this.#append(chunk.subarray(start));
  }

  #append(part: Buffer): void {
    if (part.length === 0) return;
    if (this.#oversized !== undefined) {
      this.#oversized.add(part);
      return;
    }
    this.#chunks.push(part);
    this.#size += part.length;
    if (this.#size > this.#options.maxMessageBytes) {
      this.#oversized = new OversizedMessageId(this.#chunks);
      this.#chunks = [];
    }
  }

  #endLine(): void {
    const line = Buffer.concat(this.#chunks).toString("utf8").trim();
    const oversized = this.#oversized;
    this.#chunks = [];
    this.#size = 0;
    this.#oversized = undefined;
    if (oversized !== undefined) {
      const limit = Math.floor(this.#options.maxMessageBytes / (1024 * 1024));
      this.#refuse(oversized.id, invalidRequest, `The message is longer than ${limit} MiB`);
    } else if (line !== "") {
      this.#receive(line);
    }
  }

  #receive(line: string): void {
    let json: unknown;
    try {
      json = JSON.parse(line);
    } catch {
      this.#refuse(null, parseError, "The line is not JSON");
      return;
    }
    if (Array.isArray(json)) {
      this.#refuseBatch(json);
      return;
    }
    const { data: message } = JSONRPCMessageSchema.safeParse(json);
    const fault = message === undefined ? this.#faultOf(json) : this.#paramsFault(message);
    if (fault !== undefined) this.#refuse(idOf(json), ...fault);
    else if (message !== undefined) this.onmessage?.(message);
  }

  /** What keeps a line from being a message. */
  #faultOf(json: unknown): Fault {
    if (isMessage(json, { params: {} })) {
      return this.#paramsFault(json) ?? [invalidParams, "The params must be an object"];
    }
    if (isMessage(json, { id: 0 })) return [invalidRequest, "The id must be a string or an integer"];
    return [invalidRequest, "The line is not a JSON-RPC 2.0 message"];
  }

  #paramsFault(message: object): Fault | undefined {
    if (!("id" in message) || !("method" in message)) return undefined;
    const text = this.#options.paramsFault(message as JSONRPCRequest);
    return text === undefined ? undefined : [invalidParams, text];
  }

  /** Batches left MCP with revision 2025-06-18. */
  #refuseBatch(batch: readonly unknown[]): void {
    const ids = batch.map(idOf).filter((id) => id !== null);
    for (const id of ids.length > 0 ? ids.slice(0, 100) : [null]) {
      this.#refuse(id, invalidRequest, "Batches are not supported: send one message a line");
    }
  }

  #refuse(id: string | number | null, code: number, message: string): void {
    void this.#write({ jsonrpc: "2.0", id, error: { code, message } });
  }
}

type Fault = [code: ErrorCode, message: string];

/** True if the value is a message with these changes. */
function isMessage(value: unknown, changes: object): value is object {
  return typeof value === "object" && JSONRPCMessageSchema.safeParse({ ...value, ...changes }).success;
}

/** The id, for an answer; null for what is none, and for an integer that JSON.parse has rounded. */
function idOf(json: unknown): string | number | null {
  if (typeof json !== "object" || json === null || !("id" in json)) return null;
  const { id } = json;
  if (typeof id === "number") return Number.isInteger(id) && !Number.isSafeInteger(id) ? null : id;
  return typeof id === "string" ? id : null;
}
