import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { CodexError } from "../../../shared/errors.ts";
import { callbackPath } from "../../../api/constants.ts";
import { CallbackHandler, type CallbackHandlerOptions } from "./handler.ts";
import { errnoOf } from "../../../platform/files/errors.ts";
import { lacksFamily, type PortHolder } from "../../../platform/ports.ts";

const slowClientMs = 5_000;
/** Cookies are shared by all ports of a host, so the browser sends those of every local web app. */
const maxHeaderBytes = 64 * 1024;
/** A port that is free on one loopback family may be in use on the other. */
const freePortAttempts = 10;

interface CallbackServerOptions extends CallbackHandlerOptions {
  /** Tried in this order; 0 takes any free port. */
  ports: readonly number[];
  /** The process that listens on a port, if the system names it. */
  holderOf: (port: number) => Promise<PortHolder | undefined>;
}

/** A one-shot listener for the redirect of one login (RFC 8252 §7.3, §8.3). */
interface CallbackServer {
  port: number;
  redirectUri: string;
  /** The start page's URL. */
  startUrl: string;
  /** Stops listening and drops every connection, after a moment for open responses. */
  close(): Promise<void>;
}

/**
 * Listens on both loopback families of the first port that is free on both. If another program had one of them,
 * the browser could end up there.
 *
 * @throws CodexError `LOGIN_PORT_BUSY`
 */
export async function startCallbackServer(options: CallbackServerOptions): Promise<CallbackServer> {
  const tried = options.ports.flatMap((port) => (port === 0 ? Array<number>(freePortAttempts).fill(0) : [port]));
  for (const port of tried) {
    const handler = new CallbackHandler(options);
    const listeners = await listenOnLoopback(port, handler);
    if (listeners === undefined) continue;
    const bound = (listeners[0]?.address() as AddressInfo).port;
    handler.port = bound;
    return {
      port: bound,
      redirectUri: `http://localhost:${bound}${callbackPath}`,
      // The callback's host: the browser keeps the cookie for that one.
      startUrl: `http://localhost:${bound}${options.start.path}`,
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

async function listenOnLoopback(port: number, handler: CallbackHandler): Promise<Server[] | undefined> {
  const first = await listen(port, "127.0.0.1", handler);
  if (typeof first === "string") return undefined;
  const { port: bound } = first.address() as AddressInfo;
  const second = await listen(bound, "::1", handler);
  if (typeof second !== "string") return [first, second];
  if (lacksFamily(second)) return [first];
  first.close();
  first.closeAllConnections();
  return undefined;
}

/** The listening server, or the error code (EACCES: reserved by the system). */
async function listen(port: number, host: string, handler: CallbackHandler): Promise<Server | string> {
  const { createServer } = await import("node:http"); // lazy: the program starts without it
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
      // Later errors concern single connections and must not end the process.
      server.on("error", () => undefined);
      resolve(server);
    });
  });
}
