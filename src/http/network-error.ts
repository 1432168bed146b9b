import { CodexError, type CodexErrorDetails } from "../shared/errors.ts";
import { act, restart, retry, type NextSteps } from "../shared/next-step.ts";
import type { ProxyVariable } from "./proxy.ts";

/** Creates the error for a connection that timed out, so nothing was sent. */
export function connectTimeout(origin: string, limitMs: number, proxy: ProxyVariable | undefined): CodexError {
  const seconds = `${limitMs / 1000} s`;
  if (proxy === undefined) {
    return new CodexError("NETWORK", `No connection to ${origin} came about within ${seconds}.`, {
      why: "The other side, or a firewall on the way, takes the connection up and says nothing.",
      next: [act("Check the connection, VPN and firewall"), retry],
      unsent: true,
    });
  }
  return new CodexError("NETWORK", `The proxy of ${proxy} gave no way to ${origin} within ${seconds}.`, {
    why: "It is not reachable, or takes the connection up and does not answer.",
    next: correctProxy(proxy),
    unsent: true,
  });
}

/** Next steps for an unusable proxy. */
export function correctProxy(variable: string): NextSteps {
  return [act(`Correct ${variable}, or unset it where no proxy is needed`), restart];
}

/** Creates the error for a small request that was sent, but not answered in time. */
export function responseTimeout(origin: string, limitMs: number, proxy: ProxyVariable | undefined): CodexError {
  const through = proxy === undefined ? "the proxy settings" : `the proxy of ${proxy}`;
  return new CodexError("TIMEOUT", `${origin} did not answer within ${limitMs / 1000} s.`, {
    next: [act(`Check the connection, ${through} and the firewall`), retry],
  });
}

/** Properties of the failed connection. */
interface ConnectionFacts {
  /** The variable that names the connection's proxy, if it has one. */
  proxy?: ProxyVariable | undefined;
  /** Unusable certificate files, which may explain a failed verification. */
  notices?: readonly string[] | undefined;
  /** False if no connection ever had the request. */
  sent?: boolean | undefined;
}

/** Converts an error below HTTP to a `NETWORK` error. The original message is not used: it may contain headers. */
export function networkError(
  error: unknown,
  origin: string,
  signal: AbortSignal,
  { proxy, notices = [], sent }: ConnectionFacts = {},
): unknown {
  if (error instanceof CodexError) return error;
  if (signal.aborted) return signal.reason;
  const cause = networkCause(error);
  if (proxy !== undefined) {
    const status = tunnelStatus(error);
    if (status !== undefined) return refusedByProxy(status, proxy, origin, error);
    if (proxyUnreachable.test(cause)) return unreachableProxy(cause, proxy, origin, error);
  }
  const fault = networkFaults[cause];
  const tlsError = isTlsError(cause);
  const why = [fault?.why, ...(tlsError ? notices : [])].filter((part) => part !== undefined);
  return new CodexError(
    "NETWORK",
    `The connection to ${origin}${proxy === undefined ? "" : ` through the proxy of ${proxy}`} failed (${cause}).`,
    {
      why: why.length === 0 ? undefined : why.join(" "),
      next: fault?.next,
      retryable: !permanent.test(cause) && !tlsError,
      unsent: sent === false || neverSent.test(cause) || tlsError,
      cause: error,
    },
  );
}

/** The error code of the system or of undici. */
export function networkCause(error: unknown): string {
  for (let current = error; current instanceof Error; current = current.cause) {
    const code = (current as NodeJS.ErrnoException).code;
    if (typeof code === "string" && /^[A-Z][A-Z0-9_]{2,60}$/.test(code)) return code;
    if (current instanceof AggregateError && current.errors.length > 0) return networkCause(current.errors[0]);
  }
  return "unknown cause";
}

/** Errors before the first byte of a request can be sent. */
const neverSent = /^(EMFILE|ENOTFOUND|EAI_AGAIN|ECONNREFUSED|EHOSTUNREACH|ENETUNREACH|UND_ERR_CONNECT_TIMEOUT)$/;

/** With a proxy, these errors concern the proxy: no other connection is made. */
const proxyUnreachable =
  /^(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|EHOSTUNREACH|ENETUNREACH|ETIMEDOUT|UND_ERR_CONNECT_TIMEOUT)$/;

/** Errors that the same request always meets: it can't be sent. */
const permanent = /^UND_ERR_(INVALID_ARG|NOT_SUPPORTED|HEADERS_OVERFLOW)$/;

function isTlsError(cause: string): boolean {
  return cause in networkFaults ? networkFaults[cause]?.tls === true : /CERT|LEAF|^ERR_(SSL|TLS)_/.test(cause);
}

interface NetworkFault {
  why: string;
  next?: NextSteps;
  tls?: true;
}

const reset: NetworkFault = { why: "The other side broke the connection." };
const notAccepted: NetworkFault = { why: "The connection was not accepted in time." };
const untrusted: NetworkFault = {
  tls: true,
  why: "The certificate is not signed by an authority that is trusted here. Where a company's proxy or a virus scanner reads the traffic, it signs with an authority of its own.",
  next: [
    act(
      "Put that authority's certificate (PEM) into a file, name the file in NODE_EXTRA_CA_CERTS, SSL_CERT_FILE or CODEX_CA_CERTIFICATE",
    ),
    restart,
  ],
};
const wrongTime: NetworkFault = {
  tls: true,
  why: "The certificate is not valid today, or this machine's clock is wrong.",
  next: [act("Check this machine's date and time"), retry],
};
const notTls: NetworkFault = {
  tls: true,
  why: "What answered there does not speak TLS as it should: perhaps a company's proxy, or a network's sign-in page.",
  next: [act("Check HTTPS_PROXY, and whether this network wants a sign-in of its own"), retry],
};
const wrongHost: NetworkFault = {
  tls: true,
  why: "The certificate belongs to another host: something in between answers in the service's place.",
  next: [act("Check whether this network wants a sign-in of its own, and the proxy settings"), retry],
};

const networkFaults: Readonly<Record<string, NetworkFault>> = {
  EMFILE: {
    why: "Too many files are open in this process.",
    next: [act("Raise the limit (ulimit -n) or close other windows"), retry],
  },
  ENOTFOUND: { why: "The name could not be resolved." },
  EAI_AGAIN: { why: "Name resolution does not work at the moment." },
  ECONNREFUSED: { why: "Nothing accepts connections there." },
  ECONNRESET: reset,
  UND_ERR_SOCKET: reset,
  UND_ERR_CONNECT_TIMEOUT: notAccepted,
  ETIMEDOUT: notAccepted,
  SELF_SIGNED_CERT_IN_CHAIN: untrusted,
  UNABLE_TO_GET_ISSUER_CERT: untrusted,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: untrusted,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: untrusted,
  DEPTH_ZERO_SELF_SIGNED_CERT: { ...untrusted, why: `${untrusted.why} This one is signed by itself.` },
  CERT_UNTRUSTED: untrusted,
  INVALID_CA: untrusted,
  CERT_HAS_EXPIRED: wrongTime,
  CERT_NOT_YET_VALID: wrongTime,
  ERR_TLS_CERT_ALTNAME_INVALID: wrongHost,
  HOSTNAME_MISMATCH: wrongHost,
  ERR_SSL_WRONG_VERSION_NUMBER: notTls,
  ERR_SSL_PACKET_LENGTH_TOO_LONG: notTls,
  ERR_SSL_HTTP_REQUEST: notTls,
  EPROTO: notTls,
  // undici's code if the proxy's own certificate is for another host.
  UND_ERR_PRX_TLS: { ...wrongHost, why: "The certificate of the proxy belongs to another host." },
};

/** The status of the proxy's response to CONNECT, which undici reports only in its message. */
function tunnelStatus(error: unknown): number | undefined {
  for (let current = error; current instanceof Error; current = current.cause) {
    const status = /^Proxy response \((\d{3})\)/.exec(current.message)?.[1];
    if (status !== undefined) return Number(status);
  }
  return undefined;
}

function refusedByProxy(status: number, variable: ProxyVariable, origin: string, cause: unknown): CodexError {
  const host = new URL(origin).hostname;
  const reasons: Record<number, Pick<CodexErrorDetails, "why" | "next">> = {
    407: {
      why: "The proxy wants a user name and a password, or does not accept the present ones.",
      next: [
        act(`Put them into ${variable} (http://USER:PASSWORD@HOST:PORT, special characters percent-encoded)`),
        restart,
      ],
    },
    403: {
      why: "The proxy does not allow this host.",
      next: [
        act(`Ask whoever runs the proxy to allow ${host}, or name it in NO_PROXY where a direct way exists`),
        restart,
      ],
    },
  };
  return new CodexError("NETWORK", `The proxy of ${variable} refused the way to ${origin} (HTTP ${status}).`, {
    ...(reasons[status] ?? {
      why: "The proxy answered in the service's place; the service itself was not reached.",
      next: [{ do: "wait" }, retry, act(`Check ${variable} or ask whoever runs the proxy`)],
    }),
    retryable: status >= 500 || status === 429,
    unsent: true,
    cause,
  });
}

function unreachableProxy(code: string, variable: ProxyVariable, origin: string, cause: unknown): CodexError {
  return new CodexError("NETWORK", `The proxy of ${variable} could not be reached (${code}).`, {
    why: `It stands on the way to ${origin}.`,
    next: correctProxy(variable),
    retryable: true,
    unsent: true,
    cause,
  });
}
