import { BlockList, isIP } from "node:net";
import { CodexError } from "../shared/errors.ts";
import { act, restart } from "../shared/next-step.ts";
import { isLoopback } from "../shared/loopback.ts";

/** The usual proxy variables, as read by the configuration. */
export interface ProxySettings {
  httpProxy: string | undefined;
  httpsProxy: string | undefined;
  noProxy: string | undefined;
}

export type ProxyVariable = "HTTPS_PROXY" | "HTTP_PROXY";

/** The way through a proxy. */
export interface ProxyRoute {
  /** The variable that names the proxy, in either case. */
  variable: ProxyVariable;
  /** Without credentials. */
  origin: string;
  /** `proxy-authorization`, for the proxy only; undefined where the URL names no user. */
  authorization: string | undefined;
}

/**
 * The proxy on the way to `url`, or undefined where it is reached directly.
 *
 * @throws CodexError `CONFIG` for a proxy that cannot be used; it names the variable, never its value.
 */
export function proxyRoute(url: string, settings: ProxySettings): ProxyRoute | undefined {
  const target = new URL(url);
  if (isLoopback(target.hostname) || isExcepted(target, settings.noProxy ?? "")) return undefined;
  const { httpProxy, httpsProxy } = settings;
  if (target.protocol === "https:" && httpsProxy !== undefined) {
    return toRoute("HTTPS_PROXY", httpsProxy);
  }
  return httpProxy === undefined ? undefined : toRoute("HTTP_PROXY", httpProxy);
}

/** What must never be shown of the proxies: passwords, and how they are sent. */
export function proxySecrets(settings: ProxySettings): string[] {
  return [settings.httpProxy, settings.httpsProxy].flatMap((value) => {
    const url = value === undefined ? undefined : parse(value);
    if (url === undefined || (url.username === "" && url.password === "")) return [];
    const { username, password } = url;
    const sent = basicAuthorization(url)?.slice("Basic ".length) ?? "";
    return [`${username}:${password}`, password, decoded(password) ?? "", sent];
  });
}

function toRoute(variable: ProxyVariable, value: string): ProxyRoute {
  const url = parse(value);
  const authorization = url === undefined ? undefined : basicAuthorization(url);
  const named = url !== undefined && (url.username !== "" || url.password !== "");
  if (url === undefined || (named && authorization === undefined)) {
    throw new CodexError("CONFIG", `${variable} does not hold the URL of a proxy.`, {
      why: `${variable} accepts http://HOST:PORT or https://HOST:PORT, with USER:PASSWORD@ before the host where the proxy wants it (special characters percent-encoded).`,
      next: [act(`Correct or unset ${variable} (or its form in lower case)`), restart],
      unsent: true,
    });
  }
  return { variable, origin: url.origin, authorization };
}

/** As others read it: a proxy without a scheme is spoken to by plain HTTP. */
function parse(value: string): URL | undefined {
  const text = value.trim();
  // URL drops tabs and line ends without a word; what is left would be another proxy.
  if (!/^[\x21-\x7e]+$/.test(text)) return undefined;
  const full = text.includes("://") ? text : `http://${text}`;
  if (!URL.canParse(full)) return undefined;
  const url = new URL(full);
  return ["http:", "https:"].includes(url.protocol) ? url : undefined;
}

/** RFC 7617; undefined without a user, or where the percent-encoding is broken. */
function basicAuthorization({ username, password }: URL): string | undefined {
  if (username === "" && password === "") return undefined;
  const [user, secret] = [decoded(username), decoded(password)];
  if (user === undefined || secret === undefined) return undefined;
  return `Basic ${Buffer.from(`${user}:${secret}`).toString("base64")}`;
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/**
 * NO_PROXY has no standard. Names count with all below them, with or without a leading dot or `*.`; a port narrows an
 * entry; `*` is everything; addresses may stand as a network (10.0.0.0/8).
 */
function isExcepted(target: URL, noProxy: string): boolean {
  const host = target.hostname.replace(/\.$/, "");
  const port = target.port === "" ? (target.protocol === "https:" ? "443" : "80") : target.port;
  return noProxy
    .toLowerCase()
    .split(/[,\s]+/)
    .some((entry) => {
      if (entry === "*") return true;
      const [, name = "", entryPort] = /^(\[[^\]]*\]|[^:]*|.*:.*:.*?)(?::(\d+))?$/.exec(entry) ?? [];
      if (entryPort !== undefined && entryPort !== port) return false;
      const bare = name.replace(/^\*?\./, "");
      if (bare === "") return false;
      return host === bare || host.endsWith(`.${bare}`) || covers(bare, host);
    });
}

/** Whether an address, or a network in CIDR notation, is or holds the host. */
function covers(entry: string, host: string): boolean {
  const address = host.replace(/^\[|\]$/g, "");
  const [network = "", prefix] = entry.replace(/^\[|\]$/g, "").split("/");
  const version = isIP(address);
  if (version === 0 || isIP(network) !== version) return false;
  const family = version === 4 ? "ipv4" : "ipv6";
  const bits = prefix === undefined ? (version === 4 ? 32 : 128) : Number(prefix);
  if (!Number.isInteger(bits) || bits < 0 || bits > (version === 4 ? 32 : 128)) return false;
  const list = new BlockList();
  list.addSubnet(network, bits, family);
  return list.check(address, family);
}
