import { createServer, type Server } from "node:net";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";

/** A listener that must see nothing: what it gets is kept, and it never answers. */
export interface Listener {
  origin: string;
  port: number;
  /** Everything that was sent to it. */
  readonly bytes: string;
  readonly connections: number;
  /** Resolves with the first bytes of a connection. */
  heard: Promise<string>;
}

export async function listenOnly(reply?: string): Promise<Listener> {
  let bytes = "";
  let connections = 0;
  let hear: (text: string) => void = () => undefined;
  const heard = new Promise<string>((resolve) => (hear = resolve));
  const server: Server = createServer((socket) => {
    connections++;
    socket.on("error", () => undefined);
    socket.on("data", (chunk: Buffer) => {
      bytes += chunk.toString("latin1");
      hear(bytes);
      if (reply !== undefined) socket.end(reply);
    });
    closers.add(() => socket.destroy());
  });
  const closers = new Set<() => void>();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    for (const close of closers) close();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
    port,
    get bytes() {
      return bytes;
    },
    get connections() {
      return connections;
    },
    heard,
  };
}
