import { BlockList, isIP } from "node:net";
import { CodexError } from "../shared/errors.ts";
import { act, restart } from "../shared/next-step.ts";
import { isLoopback } from "../shared/loopback.ts";

/** Values of the proxy variables. */
export interface ProxySettings {
  httpProxy: string | undefined;
  httpsProxy: string | undefined;
  noProxy: string | undefined;
}

export type ProxyVariable = "HTTPS_PROXY" | "HTTP_PROXY";

/** A connection through a proxy. */
export interface ProxyRoute {
  /** The variable that names the proxy, in upper or lower case. */
  variable: ProxyVariable;
  /** Without credentials. */
  origin: string;
  /** `proxy-authorization`, for the proxy only; undefined if the URL has no user. */
  authorization: string | undefined;
}

/**
 * Finds the proxy for `url`; undefined for a direct connection.
 *
 * @throws CodexError `CONFIG` for an invalid proxy URL; it names the variable, never its value
 */
export function proxyRoute(url: string, settings: ProxySettings): ProxyRoute | undefined {
  const target = new URL(url);
  if (isLoopback(target.hostname) || bypassesProxy(target, settings.noProxy ?? "")) return undefined;
  const { httpProxy, httpsProxy } = settings;
  if (target.protocol === "https:" && httpsProxy !== undefined) return toRoute("HTTPS_PROXY", httpsProxy);
  return httpProxy === undefined ? undefined : toRoute("HTTP_PROXY", httpProxy);
}

/** The passwords of the proxies, plain and in each encoding. */
export function proxySecrets(settings: ProxySettings): string[] {
  return [settings.httpProxy, settings.httpsProxy].flatMap((value) => {
    const url = value === undefined ? undefined : parse(value);
    if (url === undefined || (url.username === "" && url.password === "")) return [];
    const { username, password } = url;
    const encoded = basicAuthorization(url)?.slice("Basic ".length) ?? "";
    return [`${username}:${password}`, password, percentDecode(password) ?? "", encoded];
  });
}

function toRoute(variable: ProxyVariable, value: string): ProxyRoute {
  const url = parse(value);
  const authorization = url === undefined ? undefined : basicAuthorization(url);
  const hasCredentials = url !== undefined && (url.username !== "" || url.password !== "");
  if (url === undefined || (hasCredentials && authorization === undefined)) {
    throw new CodexError("CONFIG", `${variable} does not hold the URL of a proxy.`, {
      why: `${variable} accepts http://HOST:PORT or https://HOST:PORT, with USER:PASSWORD@ before the host where the proxy wants it (special characters percent-encoded).`,
      next: [act(`Correct or unset ${variable} (or its form in lower case)`), restart],
      unsent: true,
    });
  }
  return { variable, origin: url.origin, authorization };
}

/** As other programs do, treats a value without a scheme as plain HTTP. */
function parse(value: string): URL | undefined {
  const text = value.trim();
  // URL silently removes tabs and line ends, which would name another proxy.
  if (!/^[\x21-\x7e]+$/.test(text)) return undefined;
  const full = text.includes("://") ? text : `http://${text}`;
  if (!URL.canParse(full)) return undefined;
  const url = new URL(full);
  return ["http:", "https:"].includes(url.protocol) ? url : undefined;
}

/** RFC 7617; undefined without a user, or if the percent-encoding is invalid. */
function basicAuthorization({ username, password }: URL): string | undefined {
  if (username === "" && password === "") return undefined;
  const [user, secret] = [percentDecode(username), percentDecode(password)];
  if (user === undefined || secret === undefined) return undefined;
  return `Basic ${Buffer.from(`${user}:${secret}`).toString("base64")}`;
}

function percentDecode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/**
 * Matches NO_PROXY, which has no standard. A name includes its subdomains, with or without a leading dot or `*.`; a
 * port narrows an entry; `*` matches everything; an address may be a CIDR block (10.0.0.0/8).
 */
function bypassesProxy(target: URL, noProxy: string): boolean {
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

/** Whether an address or CIDR block includes the host. */
function covers(entry: string, host: string): boolean {
  const address = host.replace(/^\[|\]$/g, "");
  const [network = "", prefix] = entry.replace(/^\[|\]$/g, "").split("/");
  const version = isIP(address);
  if (version === 0 || isIP(network) !== version) return false;
  const [family, maxBits] = version === 4 ? (["ipv4", 32] as const) : (["ipv6", 128] as const);
  const bits = prefix === undefined ? maxBits : Number(prefix);
  if (!Number.isInteger(bits) || bits < 0 || bits > maxBits) return false;
  const list = new BlockList();
  list.addSubnet(network, bits, family);
  return list.check(address, family);
}
