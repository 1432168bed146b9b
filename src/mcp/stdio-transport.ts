import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { type JSONRPCMessage, JSONRPCMessageSchema } from "@modelcontextprotocol/sdk/types.js";
import type { Readable, Writable } from "node:stream";

const endBytes = 1_024;

const id = String.raw`"id"\s*:\s*(\d+|"[^"\\]*")\s*`;
const short = String.raw`\s*"(?:jsonrpc|method)"\s*:\s*"[^"\\]*"\s*`;
const idAhead = new RegExp(String.raw`^\s*\{(?:${short},)*\s*${id},`);
const idBehind = new RegExp(String.raw`,\s*${id}(?:,${short})*\}\s*$`);

/**
 * Both ends of a JSON-RPC message that is too long to be kept: clients write its id near one of them,
 * with nothing but the version and the method outside.
 */
class OversizedMessageId {
  readonly #head: string;
  #tail = Buffer.alloc(0);

  /** @param chunks what has come of the message so far */
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

  /** Null where it stands elsewhere, or is none. */
  get id(): string | number | null {
    const found = idAhead.exec(this.#head) ?? idBehind.exec(this.#tail.toString("utf8"));
    return found?.[1] === undefined ? null : (JSON.parse(found[1]) as string | number);
  }
}

const parseError = -32700;
const invalidRequest = -32600;

export interface StdioTransportOptions {
  input: Readable;
  output: Writable;
  /** A longer message is refused as a whole; the connection lives. */
  maxMessageBytes: number;
  /** The other side is gone: end of input, or nobody reads the output any more. */
  onDisconnect: () => void;
}

/**
 * MCP over stdio: one JSON-RPC message a line. Beside the SDK's own transport it answers lines that
 * are no message (that one is silent), survives a message that is too long, and tells when the
 * other side is gone.
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
    const gone = (): void => {
      this.#disconnect();
    };
    input.on("data", (chunk: Buffer) => {
      this.#take(chunk);
    });
    input.once("end", gone).once("close", gone).on("error", gone);
    output.once("close", gone).on("error", gone);
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
      // A failed write means that nobody listens: the error event has already said so.
      this.#options.output.write(`${JSON.stringify(message)}\n`, () => {
        resolve();
      });
    });
  }

  #take(chunk: Buffer): void {
    let start = 0;
    for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, start)) {
      this.#keep(chunk.subarray(start, end));
      this.#endLine();
      start = end + 1;
    }
    this.#keep(chunk.subarray(start));
  }

  #keep(part: Buffer): void {
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
    const parsed = JSONRPCMessageSchema.safeParse(json);
    if (parsed.success) this.onmessage?.(parsed.data);
    else this.#refuse(idOf(json), invalidRequest, "The line is not a JSON-RPC 2.0 message");
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

function idOf(json: unknown): string | number | null {
  if (typeof json !== "object" || json === null || !("id" in json)) return null;
  const { id } = json;
  return typeof id === "string" || Number.isSafeInteger(id) ? (id as string | number) : null;
}
