import type * as Undici from "undici";
import type { Dispatcher } from "undici";
import { programEnds } from "../shared/errors.ts";
import { isLoopback } from "../shared/loopback.ts";
import type { ProxyRoute } from "./proxy.ts";
import type { CertificateStore } from "./tls.ts";

type Library = Pick<typeof Undici, "Agent" | "Pool" | "ProxyAgent">;

// Undici's five-minute time-outs are off, since a reasoning model may be silent for longer.
const options = {
  headersTimeout: 0,
  bodyTimeout: 0,
  connections: null,
} satisfies Undici.Agent.Options;

/** For TCP and TLS together. */
const connectTimeoutMs = 10_000;
/** For a proxy's answer to CONNECT. */
const tunnelTimeoutMs = 15_000;

/**
 * The connections of this process: to this machine, straight to others, and through each proxy. To others certificates
 * are always checked, whatever the environment says.
 */
export class Dispatchers {
  readonly #authorities: CertificateStore;
  readonly #made = new Map<string, Promise<Undici.Dispatcher>>();
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
    const made = this.#made.get(key) ?? this.#make(undici, { route, local, secure });
    this.#made.set(key, made);
    return made;
  }

  /** Whether there may be a connection. */
  get any(): boolean {
    return this.#made.size > 0;
  }

  /** Drop every connection, each without waiting for the others, and make no more. */
  async destroy(): Promise<void> {
    this.#closed = true;
    const all = [...this.#made.values()];
    await Promise.allSettled(all.map(async (made) => (await made).destroy()));
  }

  async #make(
    { Agent, Pool, ProxyAgent }: Library,
    { route, local, secure }: { route: ProxyRoute | undefined; local: boolean; secure: boolean },
  ): Promise<Undici.Dispatcher> {
    // Without TLS no file of certificates is looked at.
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
 * Calls `onSent` when a request is given to its connection, just before its first byte: whatever fails before has
 * certainly not reached the other side.
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
