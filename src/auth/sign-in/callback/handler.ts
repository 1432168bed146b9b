import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { callbackPath } from "../../../api/constants.ts";
import { equalSecrets } from "../../../platform/random.ts";
import { readAuthorizationResponse, type AuthorizationResponse, type InvalidPart } from "../authorization-response.ts";
import type { StartPage } from "./start-page.ts";

/** How long open responses may take after the sign-in has ended. */
const flushMs = 500;

export interface CallbackHandlerOptions {
  /** The `state` of the URL that a person is shown. */
  state: string;
  /** Leads a browser of this machine to a URL with another `state`, which only that browser may bring back. */
  start: StartPage;
  /** Compared with an `iss` parameter, if there is one (RFC 9207 §2.4). */
  issuer: string;
  /** Called at most once, with whether the start page led there; if it rejects, the browser shows the reason. */
  onResponse: (response: AuthorizationResponse, fromStart: boolean) => Promise<void>;
  /** Whether the process that connects from one port of this machine to the other is known to be another user's. */
  isOtherUser: (from: number, to: number) => Promise<boolean>;
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
  | { kind: InvalidPart | "path" | "host" | "method" }
  /** The approval comes from another browser than the start page, or the start page was opened by another user. */
  | { kind: "browser" | "user" }
  /** A second browser opened the start page, which ended the sign-in. */
  | { kind: "twice" };

/** The response to the browser, not yet rendered. */
interface Answer {
  status: number;
  /** Undefined for a response without a body. */
  outcome: CallbackOutcome | undefined;
  headers?: Record<string, string | string[]>;
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
    if (pathOf(request) === this.#options.start.path) {
      void this.#start(request).then((answer) => {
        this.#send(request, response, answer);
      });
      return;
    }
    const { start, state, issuer } = this.#options;
    const query = new URL(request.url ?? "/", "http://localhost").searchParams;
    const fromStart = equalSecrets(query.get("state") ?? "", start.state);
    const read =
      fromStart && !start.isOpener(request, this.port)
        ? "browser"
        : readAuthorizationResponse(query, { states: [state, start.state], issuer });
    if (typeof read === "string") {
      this.#send(request, response, { status: 400, outcome: { kind: read } });
      return;
    }
    // One token exchange: a repeated request gets the page of the same outcome.
    this.#answer ??= this.#options.onResponse(read, fromStart).then(
      () => ({ status: 200, outcome: { kind: "signed-in" } }),
      (error: unknown) => ({
        status: 400,
        outcome: start.openedTwice ? { kind: "twice" } : { kind: "failed", error, brought: read.kind },
      }),
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

  async #start(request: IncomingMessage): Promise<Answer> {
    const { start, isOtherUser } = this.#options;
    if (await isOtherUser(request.socket.remotePort ?? 0, this.port)) {
      return { status: 403, outcome: { kind: "user" } };
    }
    const headers = start.open(request, this.port);
    return headers === undefined
      ? { status: 409, outcome: { kind: "twice" } }
      : { status: 302, outcome: undefined, headers };
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
    // A cookie of another loopback name would not reach the callback.
    const paths = host.toLowerCase() === own[0] ? [callbackPath, this.#options.start.path] : [callbackPath];
    if (!paths.includes(pathOf(request))) return { status: 404, outcome: { kind: "path" } };
    if (request.method !== "GET") return { status: 405, outcome: { kind: "method" } };
    const purpose = ["sec-purpose", "purpose", "x-moz"].map((name) => request.headers[name] ?? "").join();
    if (purpose.includes("prefetch")) return { status: 204, outcome: undefined };
    return undefined;
  }

  #send(request: IncomingMessage, response: ServerResponse, { status, outcome, headers }: Answer): void {
    const body = outcome === undefined ? "" : this.#options.renderPage(outcome, request.headers["accept-language"]);
    const allow = status === 405 ? { allow: "GET" } : {};
    response.writeHead(status, { ...pageHeaders(body), ...allow, ...headers }).end(body);
  }
}

function pathOf({ url = "" }: IncomingMessage): string {
  return url.split("?")[0] ?? "";
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
