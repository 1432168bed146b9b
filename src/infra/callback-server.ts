import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { CodexError } from "../core/errors.ts";
import { callbackPath } from "../wire/constants.ts";
import { readAuthorizationResponse, type AuthorizationResponse } from "./authorization-response.ts";
import { errnoOf } from "./fs-errors.ts";
import type { PortHolder } from "./port-holder.ts";
import { failurePage, pageHeaders, successPage, type FailurePage } from "./callback-pages.ts";

/** How long answers that are under way may take once the login is decided. */
const flushMs = 500;
const slowClientMs = 5_000;
/** Cookies belong to all ports of a host: those of every local web app come along. */
const maxHeaderBytes = 64 * 1024;
/** A free port of one loopback family may be taken in the other one. */
const freePortAttempts = 10;

export interface CallbackServerOptions {
  /** Tried in this order; 0 takes any free port. */
  ports: readonly number[];
  /** The value that the callback must bring back. */
  state: string;
  /** Compared with an `iss` parameter, if one comes (RFC 9207 §2.4). */
  issuer: string;
  /** Called at most once; when it rejects, the browser sees the reason. */
  onResponse: (response: AuthorizationResponse) => Promise<void>;
  /** Takes what is secret out of the reason. */
  redact: (text: string) => string;
  /** Who listens on a port, where the system tells it. */
  holderOf: (port: number) => Promise<PortHolder | undefined>;
}

/** A one-shot listener for the redirect of one login (RFC 8252 §7.3, §8.3). */
export interface CallbackServer {
  port: number;
  redirectUri: string;
  /** Stop listening and drop every connection; answers under way get a moment. */
  close(): Promise<void>;
}

/**
 * Listen on both loopback families of the first port that is wholly free: a port whose other family
 * belongs to somebody else would send the browser there.
 *
 * @throws CodexError `LOGIN_PORT_BUSY`
 */
export async function startCallbackServer(options: CallbackServerOptions): Promise<CallbackServer> {
  const tried = options.ports.flatMap((port) =>
    port === 0 ? Array<number>(freePortAttempts).fill(0) : [port],
  );
  for (const port of tried) {
    const handler = new CallbackHandler(options);
    const listeners = await listenOnLoopback(port, handler);
    if (listeners === undefined) continue;
    const bound = (listeners[0]?.address() as AddressInfo).port;
    handler.port = bound;
    return {
      port: bound,
      redirectUri: `http://localhost:${bound}${callbackPath}`,
      close: () => handler.close(listeners),
    };
  }
  throw await portsBusy(options);
}

async function portsBusy({ ports, holderOf }: CallbackServerOptions): Promise<CodexError> {
  const holders = await Promise.all(
    ports.map(async (port) => {
      const holder = port === 0 ? undefined : await holderOf(port);
      return holder && `${port}: ${holder.name}, process ${holder.pid}`;
    }),
  );
  const known = holders.filter((holder) => holder !== undefined).join("; ");
  return new CodexError(
    "LOGIN_PORT_BUSY",
    `The sign-in needs port ${ports.join(" or ")} on this machine, and other programs hold them` +
      `${known === "" ? "" : ` (${known})`}.`,
    { why: "The authorization server sends the browser back to these ports only." },
  );
}

async function listenOnLoopback(
  port: number,
  handler: CallbackHandler,
): Promise<Server[] | undefined> {
  const first = await listen(port, "127.0.0.1", handler);
  if (typeof first === "string") return undefined;
  const { port: bound } = first.address() as AddressInfo;
  const second = await listen(bound, "::1", handler);
  if (typeof second !== "string") return [first, second];
  const noIpv6 = ["EADDRNOTAVAIL", "EAFNOSUPPORT", "EINVAL"].includes(second);
  if (noIpv6) return [first];
  first.close();
  first.closeAllConnections();
  return undefined;
}

/** The listening server, or the system's reason why not (EACCES: reserved by the system). */
async function listen(
  port: number,
  host: string,
  handler: CallbackHandler,
): Promise<Server | string> {
  const { createServer } = await import("node:http"); // no start of the program waits for it
  const server = createServer(
    {
      headersTimeout: slowClientMs,
      requestTimeout: slowClientMs,
      connectionsCheckingInterval: 1_000,
      maxHeaderSize: maxHeaderBytes,
      keepAlive: false,
      requireHostHeader: false, // a missing one gets the same 403 as a foreign one
    },
    (request, response) => {
      handler.handle(request, response);
    },
  );
  return new Promise((resolve) => {
    server.once("error", (error) => {
      resolve(errnoOf(error) ?? "unknown");
    });
    server.listen({ port, host, exclusive: true }, () => {
      // Later errors are of single connections; they must not end the process.
      server.on("error", () => undefined);
      resolve(server);
    });
  });
}

class CallbackHandler {
  readonly #options: CallbackServerOptions;
  readonly #answering = new Set<ServerResponse>();
  #outcome: Promise<FailurePage | undefined> | undefined;
  port = 0;

  constructor(options: CallbackServerOptions) {
    this.#options = options;
  }

  handle(request: IncomingMessage, response: ServerResponse): void {
    this.#answering.add(response);
    response.once("close", () => this.#answering.delete(response));
    request.resume();
    const refusal = this.#refuse(request);
    if (refusal !== undefined) {
      send(response, refusal.status, refusal.text);
      return;
    }
    const query = new URL(request.url ?? "/", "http://localhost").searchParams;
    const answer = readAuthorizationResponse(query, this.#options);
    if (typeof answer === "string") {
      send(response, 400, answer);
      return;
    }
    // One exchange: a repeated request gets the same page from the same outcome.
    this.#outcome ??= this.#options.onResponse(answer).then(
      () => undefined,
      (error: unknown) => ({ error }),
    );
    void this.#outcome.then((failure) => {
      const page =
        failure === undefined ? successPage() : failurePage(failure, this.#options.redact);
      response.writeHead(failure === undefined ? 200 : 400, pageHeaders(page)).end(page);
    });
  }

  async close(listeners: readonly Server[]): Promise<void> {
    for (const listener of listeners) listener.close();
    const answered = [...this.#answering].map(
      (response) => new Promise((resolve) => response.once("close", resolve)),
    );
    await Promise.race([
      Promise.all(answered),
      new Promise((resolve) => setTimeout(resolve, flushMs).unref()),
    ]);
    for (const listener of listeners) listener.closeAllConnections();
  }

  #refuse(request: IncomingMessage): { status: number; text: string } | undefined {
    const hosts = request.rawHeaders.filter(
      (_, i) => i % 2 === 1 && request.rawHeaders[i - 1]?.toLowerCase() === "host",
    );
    const own = [`localhost:${this.port}`, `127.0.0.1:${this.port}`, `[::1]:${this.port}`];
    const [host] = hosts;
    // A page that was made to resolve to this machine names its own host (DNS rebinding).
    if (hosts.length !== 1 || host === undefined || !own.includes(host.toLowerCase())) {
      return { status: 403, text: "This address is only for the sign-in on this machine." };
    }
    if (request.url?.split("?")[0] !== callbackPath) return { status: 404, text: "Not found." };
    if (request.method !== "GET") return { status: 405, text: "Only GET is answered here." };
    const purpose = request.headers["sec-purpose"] ?? request.headers["purpose"] ?? "";
    if (purpose.includes("prefetch")) return { status: 204, text: "" };
    return undefined;
  }
}

function send(response: ServerResponse, status: number, text: string): void {
  response
    .writeHead(status, {
      ...pageHeaders(text),
      "content-type": "text/plain; charset=utf-8",
      ...(status === 405 ? { allow: "GET" } : {}),
    })
    .end(text);
}
