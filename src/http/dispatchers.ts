import type * as Undici from "undici";
import type { Dispatcher } from "undici";
import { programEnds } from "../shared/errors.ts";
import { isLoopback } from "../shared/loopback.ts";
import type { ProxyRoute } from "./proxy.ts";
import type { CertificateStore } from "./tls.ts";

type Library = Pick<typeof Undici, "Agent" | "Pool" | "ProxyAgent">;

// Undici's five-minute timeouts are off, since a reasoning model may be silent for longer.
const options = {
  headersTimeout: 0,
  bodyTimeout: 0,
  connections: null,
} satisfies Undici.Agent.Options;

/** For TCP and TLS together. */
const connectTimeoutMs = 10_000;
/** For a proxy's response to CONNECT. */
const tunnelTimeoutMs = 15_000;

/**
 * Creates and caches undici dispatchers: one for loopback, one for direct connections, one per proxy. Certificates of
 * other hosts are always verified, whatever NODE_TLS_REJECT_UNAUTHORIZED says.
 */
export class Dispatchers {
  readonly #authorities: CertificateStore;
  readonly #dispatchers = new Map<string, Promise<Undici.Dispatcher>>();
  #closed = false;

  constructor(authorities: CertificateStore) {
    this.#authorities = authorities;
  }

  /** @throws CodexError `CANCELLED` after `destroy` */
  get(undici: Library, url: string, route: ProxyRoute | undefined): Promise<Undici.Dispatcher> {
    if (this.#closed) throw programEnds();
    const local = isLoopback(new URL(url).hostname);
    const secure = url.startsWith("https:");
    const key = JSON.stringify([route, local, secure]);
    const dispatcher = this.#dispatchers.get(key) ?? this.#create(undici, { route, local, secure });
    this.#dispatchers.set(key, dispatcher);
    return dispatcher;
  }

  /** Whether a connection may exist. */
  get any(): boolean {
    return this.#dispatchers.size > 0;
  }

  /** Closes every connection in parallel, and allows no new ones. */
  async destroy(): Promise<void> {
    this.#closed = true;
    const all = [...this.#dispatchers.values()];
    await Promise.allSettled(all.map(async (dispatcher) => (await dispatcher).destroy()));
  }

  async #create(
    { Agent, Pool, ProxyAgent }: Library,
    { route, local, secure }: { route: ProxyRoute | undefined; local: boolean; secure: boolean },
  ): Promise<Undici.Dispatcher> {
    // Without TLS, no certificate file is read.
    const secureContext = secure ? await this.#authorities.context() : undefined;
    const connect = {
      timeout: connectTimeoutMs,
      ...(secureContext === undefined ? {} : { secureContext }),
      ...(local ? {} : { rejectUnauthorized: true }),
    };
    if (route === undefined) return new Agent({ ...options, connect });
    return new ProxyAgent({
      ...options,
      uri: route.origin,
      ...(route.authorization === undefined ? {} : { token: route.authorization }),
      requestTls: connect,
      proxyTls: connect,
      clientFactory: (origin, clientOptions) => new Pool(origin, { ...clientOptions, headersTimeout: tunnelTimeoutMs }),
    });
  }
}

/**
 * Calls `onSent` when a request is assigned to its connection, just before its first byte: an earlier failure can't
 * have reached the server.
 */
export function onRequestStart(onSent: () => void): Dispatcher.DispatcherComposeInterceptor {
  return (dispatch) => (options, handler) =>
    dispatch(options, {
      onRequestStart: (controller, context) => {
        onSent();
        handler.onRequestStart?.(controller, context);
      },
      onRequestUpgrade: (...args) => handler.onRequestUpgrade?.(...args),
      onResponseStart: (...args) => handler.onResponseStart?.(...args),
      onResponseData: (...args) => handler.onResponseData?.(...args),
      onResponseEnd: (...args) => handler.onResponseEnd?.(...args),
      onResponseError: (...args) => handler.onResponseError?.(...args),
    });
}
