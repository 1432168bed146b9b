import type * as Undici from "undici";
import { isLoopback, type ProxyRoute } from "./proxy.ts";
import type { Authorities } from "./tls.ts";

type Library = Pick<typeof Undici, "Agent" | "ProxyAgent">;

// Undici's five-minute time-outs are off, since a reasoning model may be silent for longer.
const options = {
  headersTimeout: 0,
  bodyTimeout: 0,
  connections: null,
} satisfies Undici.Agent.Options;

/**
 * The connections of this process: to this machine, straight to others, and through each proxy. To
 * others certificates are always checked, whatever the environment says.
 */
export class Dispatchers {
  readonly #authorities: Authorities;
  readonly #made = new Map<string, Promise<Undici.Dispatcher>>();

  constructor(authorities: Authorities) {
    this.#authorities = authorities;
  }

  get(undici: Library, url: string, route: ProxyRoute | undefined): Promise<Undici.Dispatcher> {
    const local = isLoopback(new URL(url).hostname);
    const secure = url.startsWith("https:");
    const key = JSON.stringify([route, local, secure]);
    const made = this.#made.get(key) ?? this.#make(undici, { route, local, secure });
    this.#made.set(key, made);
    return made;
  }

  /** Drop every connection. */
  async destroy(): Promise<void> {
    for (const made of this.#made.values()) await (await made).destroy();
  }

  async #make(
    { Agent, ProxyAgent }: Library,
    { route, local, secure }: { route: ProxyRoute | undefined; local: boolean; secure: boolean },
  ): Promise<Undici.Dispatcher> {
    // Without TLS no file of certificates is looked at.
    const secureContext = secure ? await this.#authorities.context() : undefined;
    const connect = {
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
    });
  }
}
