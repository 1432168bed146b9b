/** What somebody pasted of the browser's address bar, taken apart. */
export interface CallbackInput {
  /** As the callback would have brought it. */
  query: URLSearchParams;
  /** Only the code came: nothing but PKCE binds it to a login. */
  bare: boolean;
}

/** Longer than any callback; a browser's address bar holds more. */
export const maxCallbackInput = 16_384;

/** Characters of codes and states as they stand in a URL without escapes (RFC 3986 §2.3). */
const unreserved = /^[\w.~-]+$/;
/** Shorter words are taken for a slip of the hand. */
const minCodeChars = 16;

/**
 * Read a full URL, its query (with or without `?`), `code#state`, or the bare code; docs/wire.md §2.
 * White space goes: terminals and mails break long lines. So do quotes and brackets around it.
 *
 * @returns undefined when it is none of these
 */
export function parseCallbackInput(pasted: string): CallbackInput | undefined {
  if (pasted.length > maxCallbackInput) return undefined;
  const text = pasted.replace(/\s+/g, "").replace(/^["'`<(]+|["'`>)]+$/g, "");
  if (/^https?:\/\//i.test(text)) {
    return URL.canParse(text) ? response(new URL(text).search) : undefined;
  }
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) return undefined;
  // Browsers hide the scheme, so what stands before the query may be "localhost:1455/…".
  const mark = text.indexOf("?");
  if (mark >= 0) return response(text.slice(mark).split("#")[0] ?? "");
  if (text.includes("=")) return response(text.split("#")[0] ?? "");
  const [code = "", state, ...rest] = text.split("#");
  if (!unreserved.test(code) || rest.length > 0) return undefined;
  if (state === undefined) {
    if (code.length < minCodeChars) return undefined;
    return { query: new URLSearchParams({ code }), bare: true };
  }
  return unreserved.test(state)
    ? { query: new URLSearchParams({ code, state }), bare: false }
    : undefined;
}

function response(search: string): CallbackInput | undefined {
  const query = new URLSearchParams(search);
  return query.has("code") || query.has("error") ? { query, bare: false } : undefined;
}
