import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { preferredLanguage } from "./language.ts";
import { callbackPath } from "../../../api/constants.ts";
import {
  callbackErrors,
  readAuthorizationResponse,
  type AuthorizationResponse,
  type Misfit,
} from "../authorization-response.ts";
import { failurePage, pageHeaders, renderPage, successPage, type Page } from "./page.ts";

/** How long answers that are under way may take once the login is decided. */
const flushMs = 500;

export interface CallbackHandlerOptions {
  /** The value that the callback must bring back. */
  state: string;
  /** Compared with an `iss` parameter, if one comes (RFC 9207 §2.4). */
  issuer: string;
  /** Called at most once; when it rejects, the browser sees the reason. */
  onResponse: (response: AuthorizationResponse) => Promise<void>;
  /** Takes what is secret out of the reason. */
  redact: (text: string) => string;
}

/** What goes back to the browser, but for the language. */
interface Answer {
  status: number;
  page: Page | undefined;
}

/** Judges what comes to the listeners of one login, and answers with pages. */
export class CallbackHandler {
  readonly #options: CallbackHandlerOptions;
  readonly #answering = new Set<ServerResponse>();
  #outcome: Promise<Answer> | undefined;
  /** Known once it listens; before that nobody is answered. */
  port = 0;

  constructor(options: CallbackHandlerOptions) {
    this.#options = options;
  }

  handle(request: IncomingMessage, response: ServerResponse): void {
    this.#answering.add(response);
    response.once("close", () => this.#answering.delete(response));
    request.resume();
    const refusal = this.#refuse(request);
    if (refusal !== undefined) {
      send(request, response, refusal);
      return;
    }
    const query = new URL(request.url ?? "/", "http://localhost").searchParams;
    const answer = readAuthorizationResponse(query, this.#options);
    if (typeof answer === "string") {
      send(request, response, { status: 400, page: { kind: kindOf(answer) } });
      return;
    }
    // One exchange: a repeated request gets the same page from the same outcome.
    this.#outcome ??= this.#options.onResponse(answer).then(
      () => ({ status: 200, page: successPage }),
      (error: unknown) => ({
        status: 400,
        page: failurePage({ error, brought: answer.kind }, this.#options.redact),
      }),
    );
    void this.#outcome.then((outcome) => {
      send(request, response, outcome);
    });
  }

  async close(listeners: readonly Server[]): Promise<void> {
    for (const listener of listeners) listener.close();
    const answered = [...this.#answering].map((response) => new Promise((resolve) => response.once("close", resolve)));
    await Promise.race([Promise.all(answered), new Promise((resolve) => setTimeout(resolve, flushMs).unref())]);
    for (const listener of listeners) listener.closeAllConnections();
  }

  #refuse(request: IncomingMessage): Answer | undefined {
    const hosts = request.rawHeaders.filter(
      (_, i) => i % 2 === 1 && request.rawHeaders[i - 1]?.toLowerCase() === "host",
    );
    const own = [`localhost:${this.port}`, `127.0.0.1:${this.port}`, `[::1]:${this.port}`];
    const [host] = hosts;
    // A page that was made to resolve to this machine names its own host (DNS rebinding).
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

function kindOf(misfit: Misfit): keyof typeof callbackErrors {
  if (misfit === callbackErrors.state) return "state";
  return misfit === callbackErrors.issuer ? "issuer" : "code";
}

function send(request: IncomingMessage, response: ServerResponse, { status, page }: Answer): void {
  const language = preferredLanguage(request.headers["accept-language"]);
  const body = page === undefined ? "" : renderPage(page, language);
  response.writeHead(status, { ...pageHeaders(body), ...(status === 405 ? { allow: "GET" } : {}) }).end(body);
}
