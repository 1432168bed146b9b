/** The parsed callback that the user pasted. */
interface CallbackInput {
  /** The callback's query. */
  query: URLSearchParams;
  /** Only a code: nothing but PKCE binds it to a login. */
  bare: boolean;
}

/** Longer than any callback, in characters. */
export const maxCallbackInput = 16_384;

/** Codes and states need no percent-encoding (RFC 3986 §2.3). */
const unreserved = /^[\w.~-]+$/;
/** Length of a state: 32 bytes in base64url. */
const stateChars = 43;
/** Shorter text was pasted by mistake. */
const minCodeChars = 16;
/** A token or an API key from the clipboard: the issuer must not get these secrets as a code. */
const otherSecret = /^(eyJ|sk-|rt[_.])/;

/**
 * Parses a full URL, its query (with or without `?`), `code#state`, or a bare code (docs/wire.md §2); undefined for
 * anything else. Undoes what terminals, mails, shells, chats and web pages do to a URL: line breaks, quotes, brackets
 * and words around it, `\&`, `&amp;`, Markdown links, percent-encoding of the whole.
 */
export function parseCallbackInput(pasted: string): CallbackInput | undefined {
  if (pasted.length > maxCallbackInput) return undefined;
  return fromProse(pasted) ?? fromText(pasted);
}

/** A URL within other text, if it is complete: its state has full length. */
function fromProse(pasted: string): CallbackInput | undefined {
  const joined = pasted.replace(/[ \t]*\r?\n[ \t]*/g, "");
  const [url] = /https?:\/\/[^\s<>"“”]+/i.exec(joined) ?? [];
  if (url === undefined) return undefined;
  const found = fromText(url.replace(/[.,;:!?)\]}'`’»]+$/, ""));
  return (found?.query.get("state")?.length ?? 0) >= stateChars ? found : undefined;
}

function fromText(pasted: string): CallbackInput | undefined {
  const text = decoded(unwrapped(pasted.replace(/\s+/g, "")))
    .replace(/\\(?=[?&=#])/g, "")
    .replace(/&amp;/gi, "&");
  if (/^https?:\/\//i.test(text)) {
    if (!URL.canParse(text)) return undefined;
    const { search, hash } = new URL(text);
    return response(search) ?? response(hash.slice(1));
  }
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) return undefined;
  // Browsers hide the scheme, so the query may follow "localhost:1455/…".
  if (/[?=]/.test(text)) {
    const [before = "", fragment = ""] = text.split("#", 2);
    return response(before.slice(before.indexOf("?") + 1)) ?? response(fragment);
  }
  const [code = "", state, ...rest] = text.split("#");
  if (!unreserved.test(code) || otherSecret.test(code) || rest.length > 0) return undefined;
  if (state === undefined) {
    // Several words are a sentence: unlike a state, a bare code has no known length that shows it is whole.
    if (code.length < minCodeChars || /\s/.test(pasted.trim())) return undefined;
    return { query: new URLSearchParams({ code }), bare: true };
  }
  return unreserved.test(state) ? { query: new URLSearchParams({ code, state }), bare: false } : undefined;
}

/** Strips quotes, brackets and a Markdown link around a URL. */
function unwrapped(text: string): string {
  const target = /^\[.*\]\((.*)\)$/.exec(text)?.[1] ?? text;
  return target.replace(/^["'`<(“‘«]+|["'`>)”’»]+$/g, "");
}

/** Decodes a query whose separators are percent-encoded too; otherwise the values stay encoded. */
function decoded(text: string): string {
  if (!/^[^=&#]*(code|error)%3D/i.test(text)) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function response(search: string): CallbackInput | undefined {
  const query = new URLSearchParams(search);
  return query.has("code") || query.has("error") ? { query, bare: false } : undefined;
}
