import type { Readable } from "node:stream";
import type { Dispatcher } from "undici";
import type { Clock } from "../platform/clock.ts";
import type { Log } from "../platform/log.ts";
import { raceSignal, withTimeout } from "../platform/promises.ts";
import { CodexError } from "../shared/errors.ts";
import { act, restart } from "../shared/next-step.ts";
import { isLoopback } from "../shared/loopback.ts";
import { Dispatchers, onRequestStart } from "./dispatchers.ts";
import { type ConnectionFacts, networkCause, networkError, responseTimeout, connectTimeout } from "./network-error.ts";
import { proxyRoute, type ProxyRoute, type ProxySettings } from "./proxy.ts";
import { CertificateStore, type CaFile } from "./tls.ts";

export { networkError };

export interface HttpRequest {
  method: "GET" | "POST" | "HEAD";
  url: string;
  headers?: Record<string, string>;
  body?: string;
}

export interface HttpResponse {
  status: number;
  /** Names in lower case. */
  headers: Readonly<Record<string, string | string[] | undefined>>;
  body: Readable;
}

/** A whole small answer. */
export interface TextResponse extends Omit<HttpResponse, "body"> {
  text: string;
}

export interface HttpDeps {
  clock: Clock;
  log: Log;
  proxy: ProxySettings;
  /** Certificates beside those that Node brings. */
  caFiles?: readonly CaFile[];
  /** The environment switches the check of certificates off; only this machine is then asked. */
  tlsUnverified?: boolean;
}

/** Time for a connection to exist, through a proxy's tunnel or without; for an answer the caller knows. */
const connectLimitMs = 15_000;
/** Connections end at once; what hangs in between must not keep the program. */
const closeLimitMs = 500;

/** How far a request has come. */
interface TransferProgress {
  /** Given to a connection: from then on the other side may have it. */
  sent: boolean;
  proxy: ConnectionFacts["proxy"];
}

/**
 * HTTP by `undici.request`: no redirect is ever followed, nothing is retried, and no time-out of undici's own ends a
 * silence, since a reasoning model may need long.
 */
export class Http {
  readonly #deps: HttpDeps;
  readonly #dispatchers: Dispatchers;
  /** What the files of certificates give. */
  readonly authorities: CertificateStore;

  constructor(deps: HttpDeps) {
    this.#deps = deps;
    this.authorities = new CertificateStore(deps.caFiles ?? []);
    this.#dispatchers = new Dispatchers(this.authorities);
  }

  /**
   * Send, and resolve with the head of the answer; the caller reads or destroys the body.
   *
   * @throws CodexError `NETWORK`, also where no connection exists within 15 s; `CONFIG` where a setting forbids to
   *   send; or the signal's reason, at once.
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
      progress.sent = true;
      timer.cancel();
    };
    const either = AbortSignal.any([signal, limit.signal]);
    try {
      // The library looks at a signal only once a connection exists.
      const response = await raceSignal(this.#ask(request, route, either, onSent), either);
      const ms = Math.round(clock.elapsed() - started);
      log("HTTP", `${request.method} ${origin}${pathname} ${response.statusCode} in ${ms} ms`);
      return { status: response.statusCode, headers: response.headers, body: response.body };
    } catch (error) {
      const cause = error instanceof CodexError ? error.code : networkCause(error);
      log("HTTP", `${request.method} ${origin}${pathname} failed: ${cause}`);
      if (either.aborted) throw either.reason;
      const facts: ConnectionFacts = {
        proxy: route?.variable,
        notices: await this.authorities.notices(),
        sent: progress.sent,
      };
      throw networkError(error, origin, either, facts);
    } finally {
      timer.cancel();
    }
  }

  async #ask(
    request: HttpRequest,
    route: ProxyRoute | undefined,
    signal: AbortSignal,
    onSent: () => void,
  ): Promise<Dispatcher.ResponseData> {
    const undici = await import("undici");
    const dispatcher = await this.#dispatchers.get(undici, request.url, route);
    signal.throwIfAborted();
    const response = await undici.request(request.url, {
      method: request.method,
      headers: request.headers ?? {},
      body: request.body ?? null,
      dispatcher: dispatcher.compose(onRequestStart(onSent)),
      signal,
    });
    // A body that breaks or is destroyed while nobody reads it must not end the process.
    response.body.on("error", () => undefined);
    return response;
  }

  /**
   * Send and read the whole answer, at most `maxBytes` of it, within `timeoutMs`.
   *
   * @throws CodexError `NETWORK`, `TIMEOUT`, `PROTOCOL` (too large or encoded); or the signal's reason.
   */
  async fetchText(
    request: HttpRequest,
    { maxBytes, timeoutMs, signal }: { maxBytes: number; timeoutMs: number; signal?: AbortSignal },
  ): Promise<TextResponse> {
    const { origin } = new URL(request.url);
    const limit = new AbortController();
    const progress: TransferProgress = { sent: false, proxy: undefined };
    const timer = this.#deps.clock.timer(timeoutMs, () => {
      const failed = progress.sent ? responseTimeout : connectTimeout;
      limit.abort(failed(origin, timeoutMs, progress.proxy));
    });
    const either = signal === undefined ? limit.signal : AbortSignal.any([signal, limit.signal]);
    try {
      const { status, headers, body } = await this.#send(request, either, progress);
      const text = await readText({ status, headers, body }, maxBytes, origin, either);
      return { status, headers, text };
    } finally {
      timer.cancel();
    }
  }

  /** Close every connection, also those that hang before they exist; nothing is sent any more. */
  async close(): Promise<void> {
    const { clock } = this.#deps;
    const destroyed = this.#dispatchers.destroy();
    if (!this.#dispatchers.any) return;
    await withTimeout(destroyed, closeLimitMs, clock, new AbortController().signal);
  }
}

/** The body as text, at most `maxBytes` of it; what is longer or compressed is refused. */
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
 * What must not leave, whatever the settings' own checks said.
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
    // The library refuses most of these as well; but a value must not end in its message.
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
