/** The routes that a test can script, one name per thing that a client asks for. */
export const ROUTES = [
  "authorize",
  "token",
  "token:refresh",
  "token:exchange",
  "revoke",
  "usercode",
  "devicetoken",
  "models",
  "responses",
  "accounts-check",
  "usage",
  "key-models",
  "key-responses",
  "health",
] as const;

export type Route = (typeof ROUTES)[number];

/**
 * How a stream stops: `close` ends the body as HTTP wants it, `drop` closes the connection without
 * the last chunk, `reset` sends a TCP RST, `stall` keeps the connection open and silent.
 */
export type StreamEnd = "close" | "drop" | "reset" | "stall";

/**
 * The default logic runs (a refresh token is rotated, a code is used up: the *commit*), with
 * gates before and after it, and the answer can get lost on its way.
 *
 * A request whose client has gone while `beforeCommit` was shut is dropped without a commit,
 * unless `commitAnyway` is set.
 */
export interface DefaultReply {
  kind: "default";
  beforeCommit?: Promise<unknown>;
  commitAnyway?: boolean;
  afterCommit?: Promise<unknown>;
  then?: "reset" | "close" | "hang";
  /** Changes the answer that the default logic gives, refusals too. */
  adapt?: (answer: PlainReply) => PlainReply;
}

export interface JsonReply {
  kind: "json";
  status?: number;
  headers?: Record<string, string>;
  body: unknown;
}

/** Bytes as given. A `content-length` in `headers` is sent even where it is a lie. */
export interface RawReply {
  kind: "raw";
  status?: number;
  headers?: Record<string, string>;
  body: string | Uint8Array | AsyncIterable<Uint8Array>;
}

/** Without anything set: Cloudflare's challenge page. */
export interface HtmlReply {
  kind: "html";
  status?: number;
  headers?: Record<string, string>;
  body?: string;
}

export interface RedirectReply {
  kind: "redirect";
  status: number;
  location: string;
}

/**
 * Server-sent events.
 *
 * An object is written as `event: <type>` and `data: <json>`, a string or bytes as they are
 * (comments, odd line endings, broken UTF-8). A promise holds the stream back; what it resolves to
 * is then handled in the same way, and `undefined` writes nothing.
 */
export interface StreamReply {
  kind: "stream";
  events: unknown[];
  status?: number;
  headers?: Record<string, string>;
  end?: StreamEnd;
  /** Stop after so many bytes of the encoded stream, in the way that `cut` says. */
  cutAtByte?: number;
  cut?: StreamEnd;
  /** Socket writes of so many bytes each, or cut at exactly these byte offsets. */
  pieces?: number | number[];
  lineEnding?: "\n" | "\r\n" | "\r";
  bom?: boolean;
}

/** What a route does instead of its default behaviour. */
export type Reply =
  | DefaultReply
  | JsonReply
  | RawReply
  | HtmlReply
  | RedirectReply
  | StreamReply
  | { kind: "hang" }
  | { kind: "reset" }
  | { kind: "close" };

/** A reply that says all by itself: what default behaviours return and the writer understands. */
export type PlainReply = Exclude<Reply, DefaultReply>;
