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
/** Of our own states: 32 bytes in base64url. */
const stateChars = 43;
/** Shorter words are taken for a slip of the hand. */
const minCodeChars = 16;
/** A token or an API key in the clipboard: a secret that is no code, and that the issuer must not get. */
const otherSecret = /^(eyJ|sk-|rt[_.])/;

/**
 * Read a full URL, its query (with or without `?`), `code#state`, or the bare code; docs/wire.md §2.
 * What terminals, mails, shells, chats and web pages do to a URL on its way is undone: line breaks,
 * quotes, brackets and words around it, `\&`, `&amp;`, Markdown's link, percent-encoding of the whole.
 *
 * @returns undefined when it is none of these
 */
export function parseCallbackInput(pasted: string): CallbackInput | undefined {
  if (pasted.length > maxCallbackInput) return undefined;
  return fromProse(pasted) ?? fromText(pasted);
}

/** An address amid other words, where it stands there whole: its state has not lost a character. */
function fromProse(pasted: string): CallbackInput | undefined {
  const joined = pasted.replace(/[ \t]*\r?\n[ \t]*/g, "");
  const [address] = /https?:\/\/[^\s<>"“”]+/i.exec(joined) ?? [];
  if (address === undefined) return undefined;
  const found = fromText(address.replace(/[.,;:!?)\]}'`’»]+$/, ""));
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
  // Browsers hide the scheme, so what stands before the query may be "localhost:1455/…".
  if (/[?=]/.test(text)) {
    const [before = "", fragment = ""] = text.split("#", 2);
    return response(before.slice(before.indexOf("?") + 1)) ?? response(fragment);
  }
  const [code = "", state, ...rest] = text.split("#");
  if (!unreserved.test(code) || otherSecret.test(code) || rest.length > 0) return undefined;
  if (state === undefined) {
    // Several words are a sentence; a code has nothing that would show where it was broken.
    if (code.length < minCodeChars || /\s/.test(pasted.trim())) return undefined;
    return { query: new URLSearchParams({ code }), bare: true };
  }
  return unreserved.test(state) ? { query: new URLSearchParams({ code, state }), bare: false } : undefined;
}

/** Without what is put around a URL: quotes, brackets, a Markdown link. */
function unwrapped(text: string): string {
  const target = /^\[.*\]\((.*)\)$/.exec(text)?.[1] ?? text;
  return target.replace(/^["'`<(“‘«]+|["'`>)”’»]+$/g, "");
}

/** With the escapes gone that hide even the separators; those of the values stay. */
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
