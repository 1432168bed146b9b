import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo, Socket } from "node:net";

import { Exchange } from "./exchange.ts";

export interface Listener {
  readonly origin: string;
  close(): Promise<void>;
}

export type Serve = (message: IncomingMessage, exchange: Exchange) => Promise<void>;

/** An HTTP server on a free port of the host. */
export async function listen(host: string, serve: Serve): Promise<Listener> {
  const sockets = new Set<Socket>();
  const exchanges = new Set<Exchange>();

  const server = createServer({ noDelay: true, requestTimeout: 0 }, (message, response) => {
    const exchange = new Exchange(message, response);
    exchanges.add(exchange);
    void exchange.over.then(() => exchanges.delete(exchange));
    serve(message, exchange).catch((error: unknown) => {
      // A fault of the simulator or of a test's script: say so where the client's test will show it.
      if (exchange.isOver) return;
      if (response.headersSent) {
        exchange.reset();
        return;
      }
      response.statusCode = 599;
      response.end(`simulator: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    });
  });
  // Longer than any test: a keep-alive socket that closes by itself under a client is a flaky test.
  server.keepAliveTimeout = 120_000;
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.once("close", () => sockets.delete(socket));
  });

  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host, port: 0, backlog: 1024 }, resolve);
  });
  const { port } = server.address() as AddressInfo;

  return {
    origin: `http://${host.includes(":") ? `[${host}]` : host}:${String(port)}`,
    async close() {
      const closed = new Promise<void>((resolve) => {
        server.close(() => {
          resolve();
        });
      });
      for (const exchange of exchanges) exchange.abandon();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
