import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { preferredLanguage } from "./language.ts";
import { callbackPath } from "../../../api/constants.ts";
import { readAuthorizationResponse, type AuthorizationResponse } from "../authorization-response.ts";
import { failurePage, pageHeaders, renderPage, successPage, type Page } from "./page.ts";

/** How long open responses may take after the sign-in has ended. */
const flushMs = 500;

export interface CallbackHandlerOptions {
  /** The `state` that the callback must carry. */
  state: string;
  /** Compared with an `iss` parameter, if there is one (RFC 9207 §2.4). */
  issuer: string;
  /** Called at most once; if it rejects, the browser shows the reason. */
  onResponse: (response: AuthorizationResponse) => Promise<void>;
  /** Removes secrets from the reason. */
  redact: (text: string) => string;
}

/** The response to the browser, in no language yet. */
interface Answer {
  status: number;
  page: Page | undefined;
}

/** Validates requests to the listeners of one login, and responds with pages. */
export class CallbackHandler {
  readonly #options: CallbackHandlerOptions;
  readonly #open = new Set<ServerResponse>();
  #outcome: Promise<Answer> | undefined;
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
      send(request, response, refusal);
      return;
    }
    const query = new URL(request.url ?? "/", "http://localhost").searchParams;
    const answer = readAuthorizationResponse(query, this.#options);
    if (typeof answer === "string") {
      send(request, response, { status: 400, page: { kind: answer } });
      return;
    }
    // One token exchange: a repeated request gets the page of the same outcome.
    this.#outcome ??= this.#options.onResponse(answer).then(
      () => ({ status: 200, page: successPage }),
      (error: unknown) => {
        const page = failurePage({ error, brought: answer.kind }, this.#options.redact);
        return { status: 400, page };
      },
    );
    void this.#outcome.then((outcome) => {
      send(request, response, outcome);
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
      return { status: 403, page: { kind: "host" } };
    }
    if (request.url?.split("?")[0] !== callbackPath) return { status: 404, page: { kind: "path" } };
    if (request.method !== "GET") return { status: 405, page: { kind: "method" } };
    const purpose = ["sec-purpose", "purpose", "x-moz"].map((name) => request.headers[name] ?? "").join();
    if (purpose.includes("prefetch")) return { status: 204, page: undefined };
    return undefined;
  }
}

function send(request: IncomingMessage, response: ServerResponse, { status, page }: Answer): void {
  const language = preferredLanguage(request.headers["accept-language"]);
  const body = page === undefined ? "" : renderPage(page, language);
  response.writeHead(status, { ...pageHeaders(body), ...(status === 405 ? { allow: "GET" } : {}) }).end(body);
}
