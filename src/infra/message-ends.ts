const endBytes = 1_024;

const id = String.raw`"id"\s*:\s*(\d+|"[^"\\]*")\s*`;
const short = String.raw`\s*"(?:jsonrpc|method)"\s*:\s*"[^"\\]*"\s*`;
const idAhead = new RegExp(String.raw`^\s*\{(?:${short},)*\s*${id},`);
const idBehind = new RegExp(String.raw`,\s*${id}(?:,${short})*\}\s*$`);

/**
 * Both ends of a JSON-RPC message that is too long to be kept: clients write its id near one of them,
 * with nothing but the version and the method outside.
 */
export class MessageEnds {
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
