import { createServer as createHttpServer } from "node:http";
import { connect, type AddressInfo } from "node:net";
import { createServer, type Server } from "node:https";
import { onTestFinished } from "vitest";
import type { Certified } from "./certificates.ts";

/** An HTTPS server on 127.0.0.1 that says "ok" to everybody. */
export async function secureServer(own: Certified): Promise<{ port: number; heard: string[] }> {
  const heard: string[] = [];
  const server: Server = createServer({ key: own.key, cert: own.cert }, (request, response) => {
    heard.push(`${request.method ?? ""} ${request.url ?? ""}`);
    response.end("ok");
  });
  server.on("tlsClientError", () => undefined);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, heard };
}

export interface TunnelProxy {
  /** HOST:PORT */
  address: string;
  /** The first line and the headers of each request that it got. */
  asked: { line: string; headers: Record<string, unknown> }[];
}

/** A proxy that leads every tunnel to one port of this machine, or answers with a refusal. */
export async function tunnelProxy(to: number | string): Promise<TunnelProxy> {
  const asked: TunnelProxy["asked"] = [];
  const server = createHttpServer((request, response) => {
    asked.push({ line: `${request.method ?? ""} ${request.url ?? ""}`, headers: request.headers });
    response.writeHead(400).end();
  }).on("connect", (request, socket) => {
    asked.push({ line: `CONNECT ${request.url ?? ""}`, headers: request.headers });
    socket.on("error", () => undefined);
    if (typeof to === "string") {
      socket.end(to);
      return;
    }
    const target = connect(to, "127.0.0.1", () => {
      socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
      socket.pipe(target).pipe(socket);
    });
    target.on("error", () => socket.destroy());
    socket.on("close", () => target.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { address: `127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}
