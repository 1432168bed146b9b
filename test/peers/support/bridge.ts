import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import type { JSONRPCMessage, RequestId } from "@modelcontextprotocol/sdk/types.js";

export interface Bridge {
  url: string;
  close(): Promise<void>;
}

/**
 * MCP over HTTP on loopback in front of servers that speak stdio: a process of its own for each
 * session. It only hands messages on; what a suite says of HTTP itself is about the SDK's transport.
 */
export async function startBridge(startServer: () => Transport): Promise<Bridge> {
  const sessions = new Map<string, StreamableHTTPServerTransport>();
  const servers: Transport[] = [];

  async function openSession(): Promise<StreamableHTTPServerTransport> {
    const http = new StreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: (id) => void sessions.set(id, http),
    });
    const server = startServer();
    servers.push(server);
    joinTransports(http, server);
    await server.start();
    await http.start();
    return http;
  }

  const listener = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => {
      response.writeHead(500).end(String(error));
    });
  });
  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { host } = request.headers;
    if (host === undefined || !/^(127\.0\.0\.1|localhost|\[::1\]):\d+$/.test(host)) {
      response.writeHead(403).end("Only for this machine");
      return;
    }
    const id = request.headers["mcp-session-id"];
    const http = typeof id === "string" ? sessions.get(id) : await openSession();
    if (http === undefined) response.writeHead(404).end("No such session");
    else await http.handleRequest(request, response);
  }
  await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(listener.address() as AddressInfo).port}/mcp`,
    close: async () => {
      listener.closeAllConnections();
      listener.close();
      await Promise.all(servers.map((server) => server.close()));
    },
  };
}

/** Progress belongs to the stream of the request whose token it bears. */
function joinTransports(http: StreamableHTTPServerTransport, server: Transport): void {
  const requests = new Map<unknown, RequestId>();
  http.onmessage = (message: JSONRPCMessage) => {
    if ("id" in message && "method" in message) {
      const token = message.params?._meta?.progressToken;
      if (token !== undefined) requests.set(token, message.id);
    }
    void server.send(message);
  };
  server.onmessage = (message) => {
    const token = "method" in message ? message.params?.["progressToken"] : undefined;
    const relatedRequestId = requests.get(token);
    void http.send(message, relatedRequestId === undefined ? undefined : { relatedRequestId });
  };
}
