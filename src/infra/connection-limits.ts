import { CodexError } from "../core/errors.ts";
import type { ProxyVariable } from "./proxy.ts";

/** No connection came about within the time, so nothing was sent. */
export function unconnected(
  origin: string,
  limitMs: number,
  proxy: ProxyVariable | undefined,
): CodexError {
  const seconds = `${limitMs / 1000} s`;
  if (proxy === undefined) {
    return new CodexError("NETWORK", `No connection to ${origin} came about within ${seconds}.`, {
      why: "The other side, or a firewall on the way, takes the connection up and says nothing.",
      next: "Check the connection, VPN and firewall, then repeat the call.",
      unsent: true,
    });
  }
  return new CodexError(
    "NETWORK",
    `The proxy of ${proxy} gave no way to ${origin} within ${seconds}.`,
    {
      why: "It is not reachable, or takes the connection up and does not answer.",
      next: `Correct ${proxy}, or unset it where no proxy is needed, then restart.`,
      unsent: true,
    },
  );
}

/** A small request was sent, and the time for its answer is over. */
export function outOfTime(
  origin: string,
  limitMs: number,
  proxy: ProxyVariable | undefined,
): CodexError {
  const through = proxy === undefined ? "the proxy settings" : `the proxy of ${proxy}`;
  return new CodexError("TIMEOUT", `${origin} did not answer within ${limitMs / 1000} s.`, {
    next: `Check the connection, ${through} and the firewall, then repeat the call.`,
  });
}
