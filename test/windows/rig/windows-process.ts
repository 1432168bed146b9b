import { EventEmitter } from "node:events";
import { connect, type Socket } from "node:net";
import { createInterface } from "node:readline";
import { Readable, Writable } from "node:stream";
import { finished } from "node:stream/promises";
import type { PipedChild } from "../../support/child-transport.ts";

interface Start {
  /** Default: Windows' Node. */
  command?: string;
  args: readonly string[];
  env: Record<string, string>;
  cwd: string | undefined;
}

/** What the driver tells of a program. */
interface DriverEvent {
  pid?: number;
  failure?: string;
  stream?: "stdout" | "stderr";
  bytes?: string;
  closed?: { code: number | null; signal: NodeJS.Signals | null };
}

/** A program under Wine, behind the driver, with three pipes. */
export class WindowsProcess extends EventEmitter implements PipedChild {
  pid: number | undefined;
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  readonly #socket: Socket;

  constructor(driverPort: number, start: Start) {
    super();
    this.#socket = connect(driverPort, "127.0.0.1");
    this.#socket.on("error", () => undefined);
    this.#tell(start);
    this.stdin = new Writable({
      write: (bytes: Buffer, _, done) => {
        this.#tell({ bytes: bytes.toString("base64") });
        done();
      },
      final: (done) => {
        this.#tell({ end: true });
        done();
      },
    });
    const output = (name: "stdout" | "stderr"): Readable =>
      new Readable({
        read: () => undefined,
        destroy: (error, done) => {
          this.#tell({ hangUp: name });
          done(error);
        },
      });
    this.stdout = output("stdout");
    this.stderr = output("stderr");
    createInterface({ input: this.#socket }).on("line", (line) => {
      this.#hear(JSON.parse(line) as DriverEvent);
    });
    this.#socket.once("close", () => {
      this.#end(null, "SIGKILL");
    });
  }

  kill(): boolean {
    this.#tell({ kill: true });
    return true;
  }

  #tell(message: object): void {
    if (this.#socket.writable) this.#socket.write(`${JSON.stringify(message)}\n`);
  }

  #hear({ pid, failure, stream, bytes, closed }: DriverEvent): void {
    if (pid !== undefined) this.pid = pid;
    if (failure !== undefined) this.stderr.push(failure);
    if (stream !== undefined && bytes !== undefined && !this[stream].destroyed) {
      this[stream].push(Buffer.from(bytes, "base64"));
    }
    if (closed !== undefined) this.#end(closed.code, closed.signal);
  }

  #ended = false;

  /** Tells the end after all that was printed has been read, as Node does. */
  #end(code: number | null, signal: NodeJS.Signals | null): void {
    if (this.#ended) return;
    this.#ended = true;
    const read = [this.stdout, this.stderr].map((stream) => {
      if (!stream.destroyed) stream.push(null);
      return finished(stream).catch(() => undefined);
    });
    void Promise.all(read).then(() => this.emit("close", code, signal));
  }
}
