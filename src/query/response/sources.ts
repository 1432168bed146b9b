import { oneLine } from "../../shared/text.ts";

/** A page that an answer cites. */
export interface Source {
  url: string;
  title: string | undefined;
}

const maxUrlChars = 2_000;
const maxTitleChars = 200;
const maxSources = 20;

/** What continues a URL in a text, behind punctuation that could end a sentence. */
const urlContinues = /^[.,;:!?]*[\w/%#?&=~+@-]/;

/** A citation to show: an http(s) page without user or password in its URL; else undefined. */
export function toSource(address: string, title: string | undefined): Source | undefined {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url === undefined || (url.protocol !== "https:" && url.protocol !== "http:")) return undefined;
  if (url.username !== "" || url.password !== "" || url.href.length > maxUrlChars) return undefined;
  const named = oneLine(title ?? "", maxTitleChars);
  return { url: url.href, title: named === "" ? undefined : named };
}

/** Each source once, without those whose URL is in the text. */
export function newSources(text: string, sources: readonly Source[]): Source[] {
  const found = new Map<string, Source>();
  for (const source of sources) {
    if (found.size === maxSources) break;
    if (!found.has(source.url) && !containsUrl(text, source.url)) found.set(source.url, source);
  }
  return [...found.values()];
}

function containsUrl(text: string, url: string): boolean {
  const shown = url.replace(/\/$/, "");
  for (let at = text.indexOf(shown); at >= 0; at = text.indexOf(shown, at + 1)) {
    const rest = text.slice(at + shown.length, at + shown.length + 20).replace(/^\//, "");
    if (!urlContinues.test(rest)) return true;
  }
  return false;
}
