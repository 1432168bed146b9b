import type { Dispatcher } from "undici";
import { CodexError } from "../core/errors.ts";
import type { Clock } from "./clock.ts";
import type { Log } from "./debug-log.ts";
import { isLoopback, type ProxySettings } from "./proxy.ts";

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
  body: Dispatcher.ResponseData["body"];
}

/** A whole small answer. */
export interface TextResponse extends Omit<HttpResponse, "body"> {
  text: string;
}

export interface HttpDeps {
  clock: Clock;
  log: Log;
  proxy: ProxySettings;
}

/**
 * HTTP by `undici.request`: no redirect is ever followed, nothing is retried, and undici's own
 * five-minute time-outs are off, since a reasoning model may be silent for longer.
 */
export class Http {
  readonly #deps: HttpDeps;
  #direct: Promise<Dispatcher> | undefined;
  #proxied: Promise<Dispatcher> | undefined;

  constructor(deps: HttpDeps) {
    this.#deps = deps;
  }

  /**
   * Send, and resolve with the head of the answer; the caller reads or destroys the body.
   *
   * @throws CodexError `NETWORK`; or the signal's reason.
   */
  async send(request: HttpRequest, signal: AbortSignal): Promise<HttpResponse> {
    signal.throwIfAborted();
    const { clock, log } = this.#deps;
    const started = clock.elapsed();
    const { origin, pathname } = new URL(request.url);
    try {
      const { request: send } = await import("undici");
      const answer = await send(request.url, {
        method: request.method,
        headers: request.headers ?? {},
        body: request.body ?? null,
        dispatcher: await this.#dispatcher(request.url),
        signal,
      });
      // A body that breaks or is destroyed while nobody reads it must not end the process.
      answer.body.on("error", () => undefined);
      const ms = Math.round(clock.elapsed() - started);
      log("HTTP", `${request.method} ${origin}${pathname} ${answer.statusCode} in ${ms} ms`);
      return { status: answer.statusCode, headers: answer.headers, body: answer.body };
    } catch (error) {
      log("HTTP", `${request.method} ${origin}${pathname} failed: ${networkCause(error)}`);
      throw networkError(error, origin, signal);
    }
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
    const timer = this.#deps.clock.timer(timeoutMs, () => {
      limit.abort(
        new CodexError("TIMEOUT", `${origin} did not answer within ${timeoutMs / 1000} s.`),
      );
    });
    const either = signal === undefined ? limit.signal : AbortSignal.any([signal, limit.signal]);
    try {
      const { status, headers, body } = await this.send(request, either);
      const text = await readText({ status, headers, body }, maxBytes, origin, either);
      return { status, headers, text };
    } finally {
      timer.cancel();
    }
  }

  /** Close every connection. */
  async close(): Promise<void> {
    await (await this.#direct)?.destroy();
    await (await this.#proxied)?.destroy();
  }

  #dispatcher(url: string): Promise<Dispatcher> {
    const options = { headersTimeout: 0, bodyTimeout: 0, connections: null };
    const { proxy } = this.#deps;
    if (isLoopback(new URL(url).hostname) || (!proxy.httpProxy && !proxy.httpsProxy)) {
      return (this.#direct ??= import("undici").then(({ Agent }) => new Agent(options)));
    }
    return (this.#proxied ??= import("undici").then(
      ({ EnvHttpProxyAgent }) =>
        new EnvHttpProxyAgent({
          ...options,
          // Empty strings keep undici from looking into the environment by itself.
          httpProxy: proxy.httpProxy ?? "",
          httpsProxy: proxy.httpsProxy ?? proxy.httpProxy ?? "",
          noProxy: proxy.noProxy ?? "",
        }),
    ));
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
      throw new CodexError(
        "PROTOCOL",
        `${origin} sent a compressed answer that was not asked for.`,
      );
    }
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of body as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > maxBytes)
        throw new CodexError("PROTOCOL", `${origin} sent far too large an answer.`);
      chunks.push(chunk);
    }
    return Buffer.concat(chunks).toString("utf8");
  } catch (error) {
    body.destroy();
    throw networkError(error, origin, signal);
  }
}

/** What went wrong below HTTP, in words; foreign messages are not forwarded, they may hold headers. */
export function networkError(error: unknown, origin: string, signal: AbortSignal): unknown {
  if (error instanceof CodexError) return error;
  if (signal.aborted) return signal.reason;
  const cause = networkCause(error);
  return new CodexError("NETWORK", `The connection to ${origin} failed (${cause}).`, {
    why: explanations[cause],
    retryable: !hopeless.test(cause),
    unsent: neverSent.test(cause),
    cause: error,
  });
}

/** Failures before the first byte of a request can have left. */
const neverSent =
  /^(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|EHOSTUNREACH|ENETUNREACH|UND_ERR_CONNECT_TIMEOUT|.*(CERT|LEAF).*)$/;

/** Failures that the same request meets again: certificates, and a request that cannot be sent. */
const hopeless = /CERT|LEAF|^UND_ERR_(INVALID_ARG|NOT_SUPPORTED|HEADERS_OVERFLOW)$/;

const untrusted =
  "The certificate is not trusted; a company's own CA belongs into NODE_EXTRA_CA_CERTS.";

const explanations: Readonly<Record<string, string>> = {
  ENOTFOUND: "The name could not be resolved.",
  EAI_AGAIN: "Name resolution does not work at the moment.",
  ECONNREFUSED: "Nothing accepts connections there.",
  ECONNRESET: "The other side broke the connection.",
  UND_ERR_SOCKET: "The other side broke the connection.",
  UND_ERR_CONNECT_TIMEOUT: "The connection was not accepted in time.",
  ETIMEDOUT: "The connection was not accepted in time.",
  SELF_SIGNED_CERT_IN_CHAIN: untrusted,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: untrusted,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: untrusted,
  DEPTH_ZERO_SELF_SIGNED_CERT: untrusted,
  CERT_HAS_EXPIRED: "The certificate has expired, or this machine's clock is wrong.",
  ERR_TLS_CERT_ALTNAME_INVALID: "The certificate belongs to another host.",
};

function networkCause(error: unknown): string {
  for (let current = error; current instanceof Error; current = current.cause) {
    const code = (current as NodeJS.ErrnoException).code;
    if (typeof code === "string" && /^[A-Z][A-Z0-9_]{2,60}$/.test(code)) return code;
    if (current instanceof AggregateError && current.errors.length > 0) {
      return networkCause(current.errors[0]);
    }
  }
  return "unknown cause";
}
