import type { Readable } from "node:stream";
import type { Dispatcher } from "undici";
import type { Clock } from "../platform/clock.ts";
import type { Log } from "../platform/log.ts";
import { raceSignal, withTimeout } from "../platform/promises.ts";
import { CodexError } from "../shared/errors.ts";
import { act, restart } from "../shared/next-step.ts";
import { isLoopback } from "../shared/loopback.ts";
import { Dispatchers, onRequestStart } from "./dispatchers.ts";
import { connectTimeout, networkCause, networkError, responseTimeout } from "./network-error.ts";
import { proxyRoute, type ProxyRoute, type ProxySettings, type ProxyVariable } from "./proxy.ts";
import { CertificateStore, type CaFile } from "./tls.ts";

interface HttpRequest {
  method: "GET" | "POST" | "HEAD";
  url: string;
  headers?: Record<string, string>;
  body?: string;
  /** Called once a connection is there, just before the first byte; what it throws ends the request unsent. */
  beforeSend?: (() => void) | undefined;
}

export interface HttpResponse {
  status: number;
  /** Names in lower case. */
  headers: Readonly<Record<string, string | string[] | undefined>>;
  body: Readable;
}

/** A complete small response. */
export interface TextResponse extends Omit<HttpResponse, "body"> {
  text: string;
}

interface HttpDeps {
  clock: Clock;
  log: Log;
  proxy: ProxySettings;
  /** Certificate authorities in addition to Node's. */
  caFiles?: readonly CaFile[];
  /** True if NODE_TLS_REJECT_UNAUTHORIZED=0 is set; then only loopback requests are allowed. */
  tlsUnverified?: boolean;
}

/** Time to connect, including a proxy's tunnel. The caller limits the time for the response. */
const connectLimitMs = 15_000;
/** Destroying connections takes no time, unless one hangs; that must not delay the exit. */
const closeLimitMs = 500;

/** Progress of a request. */
interface TransferProgress {
  /** True once a connection has the request: from then on the server may have received it. */
  sent: boolean;
  proxy: ProxyVariable | undefined;
}

/**
 * Sends HTTP requests with undici. Follows no redirects, never retries, and has no idle timeout: see
 * docs/decisions.md#undicirequest-not-fetch.
 */
export class Http {
  readonly #deps: HttpDeps;
  readonly #dispatchers: Dispatchers;
  #clockAheadMs: number | undefined;
  readonly authorities: CertificateStore;

  constructor(deps: HttpDeps) {
    this.#deps = deps;
    this.authorities = new CertificateStore(deps.caFiles ?? []);
    this.#dispatchers = new Dispatchers(this.authorities);
  }

  /** How far this machine's clock is ahead of the last server that gave a date; undefined if none did. */
  get clockAheadMs(): number | undefined {
    return this.#clockAheadMs;
  }

  /**
   * Sends a request and resolves with the response's head; the caller must read or destroy the body.
   *
   * @throws CodexError `NETWORK`, also after 15 s without a connection; `CONFIG` if a setting forbids the request; the
   *   signal's reason, at once
   */
  async send(request: HttpRequest, signal: AbortSignal): Promise<HttpResponse> {
    return this.#send(request, signal, { sent: false, proxy: undefined });
  }

  async #send(request: HttpRequest, signal: AbortSignal, progress: TransferProgress): Promise<HttpResponse> {
    signal.throwIfAborted();
    const { clock, log } = this.#deps;
    const started = clock.elapsed();
    const { origin, pathname } = new URL(request.url);
    assertSendable(request, this.#deps.tlsUnverified === true);
    const route = proxyRoute(request.url, this.#deps.proxy);
    progress.proxy = route?.variable;
    const limit = new AbortController();
    const timer = clock.timer(connectLimitMs, () => {
      limit.abort(connectTimeout(origin, connectLimitMs, route?.variable));
    });
    const onSent = (): void => {
      request.beforeSend?.();
      progress.sent = true;
      timer.cancel();
    };
    const either = AbortSignal.any([signal, limit.signal]);
    try {
      // undici checks the signal only once a connection exists.
      const response = await raceSignal(this.#request(request, route, either, onSent), either);
      const ms = Math.round(clock.elapsed() - started);
      log("HTTP", `${request.method} ${origin}${pathname} ${response.statusCode} in ${ms} ms`);
      const date = Date.parse(response.headers["date"]?.toString() ?? "");
      if (!Number.isNaN(date)) this.#clockAheadMs = clock.now() - date;
      return { status: response.statusCode, headers: response.headers, body: response.body };
    } catch (error) {
      const cause = error instanceof CodexError ? error.code : networkCause(error);
      log("HTTP", `${request.method} ${origin}${pathname} failed: ${cause}`);
      if (either.aborted) throw either.reason;
      throw networkError(error, origin, either, { ...progress, notices: await this.authorities.notices() });
    } finally {
      timer.cancel();
    }
  }

  async #request(
    request: HttpRequest,
    route: ProxyRoute | undefined,
    signal: AbortSignal,
    onSent: () => void,
  ): Promise<Dispatcher.ResponseData> {
    const undici = await import("undici");
    const dispatcher = await this.#dispatchers.get(undici, request.url, route);
    signal.throwIfAborted();
    const { url, method, headers = {}, body = null } = request;
    const response = await undici.request(url, {
      method,
      headers,
      body,
      dispatcher: dispatcher.compose(onRequestStart(onSent)),
      signal,
    });
    // An error of a body without a reader must not crash the process.
    response.body.on("error", () => undefined);
    return response;
  }

  /**
   * Sends a request and reads the complete response, within `timeoutMs`.
   *
   * @throws CodexError `NETWORK`, `TIMEOUT`, `PROTOCOL` (larger than `maxBytes`, or compressed); the signal's reason
   */
  async fetchText(
    request: HttpRequest,
    { maxBytes, timeoutMs, signal }: { maxBytes: number; timeoutMs: number; signal?: AbortSignal },
  ): Promise<TextResponse> {
    const { origin } = new URL(request.url);
    const limit = new AbortController();
    const progress: TransferProgress = { sent: false, proxy: undefined };
    const timer = this.#deps.clock.timer(timeoutMs, () => {
      const timeout = progress.sent ? responseTimeout : connectTimeout;
      limit.abort(timeout(origin, timeoutMs, progress.proxy));
    });
    const either = signal === undefined ? limit.signal : AbortSignal.any([signal, limit.signal]);
    try {
      const response = await this.#send(request, either, progress);
      const text = await readText(response, maxBytes, origin, either);
      return { status: response.status, headers: response.headers, text };
    } finally {
      timer.cancel();
    }
  }

  /** Closes every connection, established or not, and refuses further requests. */
  async close(): Promise<void> {
    const { clock } = this.#deps;
    const destroyed = this.#dispatchers.destroy();
    if (!this.#dispatchers.any) return;
    await withTimeout(destroyed, closeLimitMs, clock, new AbortController().signal);
  }
}

/**
 * Reads the body as text.
 *
 * @throws CodexError `NETWORK`, `PROTOCOL` (larger than `maxBytes`, or compressed); the signal's reason
 */
export async function readText(
  { headers, body }: HttpResponse,
  maxBytes: number,
  origin: string,
  signal: AbortSignal,
): Promise<string> {
  const encoding = headers["content-encoding"];
  try {
    if (encoding !== undefined && encoding !== "identity") {
      throw new CodexError("PROTOCOL", `${origin} sent a compressed answer that was not asked for.`);
    }
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of body as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > maxBytes) throw new CodexError("PROTOCOL", `${origin} sent far too large an answer.`);
      chunks.push(chunk);
    }
    return Buffer.concat(chunks).toString("utf8");
  } catch (error) {
    body.destroy();
    throw networkError(error, origin, signal);
  }
}

/**
 * Checks what must never be sent, independently of the settings' own checks.
 *
 * @throws CodexError `CONFIG`
 */
function assertSendable({ url, headers = {} }: Pick<HttpRequest, "url" | "headers">, tlsUnverified: boolean): void {
  const { origin, hostname } = new URL(url);
  if (tlsUnverified && !isLoopback(hostname)) {
    throw new CodexError("CONFIG", `Nothing is sent to ${origin} while certificates are not checked.`, {
      why: "NODE_TLS_REJECT_UNAUTHORIZED=0 would let anybody in between read the login.",
      next: [act("Unset NODE_TLS_REJECT_UNAUTHORIZED, name a company's own authority in NODE_EXTRA_CA_CERTS"), restart],
      unsent: true,
    });
  }
  for (const [name, value] of Object.entries(headers)) {
    // undici rejects most of these too, but its message could contain the value.
    if (/^[\t\x20-\x7e\x80-\xff]*$/.test(value)) continue;
    throw new CodexError(
      "CONFIG",
      `The header ${name} cannot be sent: its value has characters that no header may have.`,
      {
        next: [act("Correct the setting or the key that it comes from (a line end at its end, perhaps)"), restart],
        unsent: true,
      },
    );
  }
}
