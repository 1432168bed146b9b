import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { callbackPath } from "../../../api/constants.ts";
import { readAuthorizationResponse, type AuthorizationResponse, type InvalidPart } from "../authorization-response.ts";

/** How long open responses may take after the sign-in has ended. */
const flushMs = 500;

export interface CallbackHandlerOptions {
  /** The `state` that the callback must carry. */
  state: string;
  /** Compared with an `iss` parameter, if there is one (RFC 9207 §2.4). */
  issuer: string;
  /** Called at most once; if it rejects, the browser shows the reason. */
  onResponse: (response: AuthorizationResponse) => Promise<void>;
  /** Renders the HTML document about an outcome, in the language that an `Accept-Language` field prefers. */
  renderPage: (outcome: CallbackOutcome, acceptLanguage: string | undefined) => string;
}

/** What a page in the browser is about. */
export type CallbackOutcome =
  /** The tokens are saved. */
  | { kind: "signed-in" }
  /** `brought` is the response that the browser brought: an error, or a code whose exchange failed. */
  | { kind: "failed"; error: unknown; brought: AuthorizationResponse["kind"] }
  /** A request that isn't this sign-in's response; the part of it that is wrong. The sign-in goes on waiting. */
  | { kind: InvalidPart | "path" | "host" | "method" };

/** The response to the browser, not yet rendered. */
interface Answer {
  status: number;
  /** Undefined for a response without a body. */
  outcome: CallbackOutcome | undefined;
}

/** Validates requests to the listeners of one login, and responds with pages. */
export class CallbackHandler {
  readonly #options: CallbackHandlerOptions;
  readonly #open = new Set<ServerResponse>();
  #answer: Promise<Answer> | undefined;
  /** Set once the server listens. */
  port = 0;

  constructor(options: CallbackHandlerOptions) {
    this.#options = options;
  }

  handle(request: IncomingMessage, response: ServerResponse): void {
    this.#open.add(response);
    response.once("close", () => this.#open.delete(response));
    request.resume();
    const refusal = this.#refuse(request);
    if (refusal !== undefined) {
      this.#send(request, response, refusal);
      return;
    }
    const query = new URL(request.url ?? "/", "http://localhost").searchParams;
    const read = readAuthorizationResponse(query, this.#options);
    if (typeof read === "string") {
      this.#send(request, response, { status: 400, outcome: { kind: read } });
      return;
    }
    // One token exchange: a repeated request gets the page of the same outcome.
    this.#answer ??= this.#options.onResponse(read).then(
      () => ({ status: 200, outcome: { kind: "signed-in" } }),
      (error: unknown) => ({ status: 400, outcome: { kind: "failed", error, brought: read.kind } }),
    );
    void this.#answer.then((answer) => {
      this.#send(request, response, answer);
    });
  }

  async close(listeners: readonly Server[]): Promise<void> {
    for (const listener of listeners) listener.close();
    const answered = [...this.#open].map((response) => new Promise((resolve) => response.once("close", resolve)));
    await Promise.race([Promise.all(answered), new Promise((resolve) => setTimeout(resolve, flushMs).unref())]);
    for (const listener of listeners) listener.closeAllConnections();
  }

  #refuse(request: IncomingMessage): Answer | undefined {
    const hosts = request.rawHeaders.filter(
      (_, i) => i % 2 === 1 && request.rawHeaders[i - 1]?.toLowerCase() === "host",
    );
    const own = [`localhost:${this.port}`, `127.0.0.1:${this.port}`, `[::1]:${this.port}`];
    const [host] = hosts;
    // DNS rebinding: a foreign page that resolves to this machine sends its own host.
    if (hosts.length !== 1 || host === undefined || !own.includes(host.toLowerCase())) {
      return { status: 403, outcome: { kind: "host" } };
    }
    if (request.url?.split("?")[0] !== callbackPath) return { status: 404, outcome: { kind: "path" } };
    if (request.method !== "GET") return { status: 405, outcome: { kind: "method" } };
    const purpose = ["sec-purpose", "purpose", "x-moz"].map((name) => request.headers[name] ?? "").join();
    if (purpose.includes("prefetch")) return { status: 204, outcome: undefined };
    return undefined;
  }

  #send({ headers }: IncomingMessage, response: ServerResponse, { status, outcome }: Answer): void {
    const body = outcome === undefined ? "" : this.#options.renderPage(outcome, headers["accept-language"]);
    response.writeHead(status, { ...pageHeaders(body), ...(status === 405 ? { allow: "GET" } : {}) }).end(body);
  }
}

/** Forbid caching, frames, scripts, requests to other hosts and referrers. */
function pageHeaders(body: string): Record<string, string | number> {
  return {
    "content-type": "text/html; charset=utf-8",
    "content-length": Buffer.byteLength(body),
    "content-security-policy":
      "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "cache-control": "no-store",
    vary: "Accept-Language",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    connection: "close",
  };
}
