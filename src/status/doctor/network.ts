import { isInterstitialPage } from "../../api/api-error.ts";
import { originator } from "../../api/constants.ts";
import { toApiErrorInfo } from "../../api/error-body.ts";
import type { Http } from "../../http/http.ts";
import { correctProxy } from "../../http/network-error.ts";
import type { Clock } from "../../platform/clock.ts";
import type { PortState } from "../../platform/ports.ts";
import { toCodexError } from "../../shared/errors.ts";
import { act, deviceSignIn, either } from "../../shared/next-step.ts";
import { span } from "../../shared/time.ts";
import { note, ok, problem, type Finding } from "../finding.ts";
import type { Check } from "./doctor.ts";

const requestTimeoutMs = 5_000;
const skewNoteMs = 60_000;
const skewProblemMs = 5 * 60_000;

/** An origin that the program uses. */
export interface HealthTarget {
  origin: string;
  /** A path that real requests use. */
  path: string;
}

/** A callback port, and its listener if the system reports it. */
interface PortReport {
  state: PortState;
  pid?: number | undefined;
  name?: string | undefined;
}

export interface NetworkDeps {
  http: Pick<Http, "fetchText">;
  userAgent: string;
  clock: Clock;
  /** Empty if a setting spoils the origins: the default ones would be misleading. */
  targets: () => Promise<readonly HealthTarget[]>;
  /** The variable of the proxy that the targets are reached through. */
  proxyVariable: () => string | undefined;
  callbackPorts: readonly number[];
  portState: (port: number) => Promise<PortReport>;
  /** The port of this process's pending sign-in. */
  ownPort: () => number | undefined;
}

/** Checks the way to the services, the clock, and the ports for the browser's callback. */
export function networkChecks(deps: NetworkDeps): Check[] {
  const { targets, proxyVariable, callbackPorts, portState, ownPort } = deps;
  const ports = callbackPorts.filter((port) => port !== 0);
  return [
    {
      name: "network",
      onTimeout: (seconds) => timeoutFinding(seconds, proxyVariable()),
      run: async (signal) => {
        const checked = await Promise.all((await targets()).map((target) => checkOrigin(target, deps, signal)));
        const skews = checked.map(({ clockAheadMs }) => clockAheadMs).filter((ms) => ms !== undefined);
        return [...checked.map(({ finding }) => finding), ...clockFindings(skews)];
      },
    },
    {
      name: "ports",
      run: async () => {
        const reports: [number, PortReport][] = [];
        for (const port of ports) reports.push([port, await portState(port)]);
        return portFindings(reports, ownPort());
      },
    },
  ];
}

/**
 * Requests the front page without a token. Cloudflare guards front pages against every program, so if it is guarded,
 * the target's path decides.
 */
async function checkOrigin(
  { origin, path }: HealthTarget,
  deps: NetworkDeps,
  signal: AbortSignal,
): Promise<{ finding: Finding; clockAheadMs?: number | undefined }> {
  const check = "network";
  try {
    const { detail, guarded, clockAheadMs } = await probe("HEAD", `${origin}/`, deps, signal);
    if (!guarded) return { finding: ok(check, `${origin} is reachable, ${detail}.`), clockAheadMs };
    const used = await probe("GET", `${origin}${path}`, deps, signal);
    if (!used.guarded) {
      const text = `${origin} is reachable, ${used.detail} (only the front page is guarded).`;
      return { finding: ok(check, text), clockAheadMs };
    }
    const text = `${origin} is blocked on this way: ${used.detail}, a page in the service's place. The login is not affected.`;
    const advice = "Try without VPN or proxy, or from another network; wait a few minutes before you repeat it";
    return { finding: problem(check, text, [act(advice)]), clockAheadMs };
  } catch (error) {
    signal.throwIfAborted();
    const { message, details, next } = toCodexError(error);
    const detail = details.why === undefined ? message : `${message} ${details.why}`;
    return { finding: problem(check, `${origin} is not reachable: ${detail}`, next) };
  }
}

/** `clockAheadMs` is the server's clock minus this machine's; undefined if the response has no date. */
async function probe(
  method: "HEAD" | "GET",
  url: string,
  { http, userAgent, clock }: NetworkDeps,
  signal: AbortSignal,
): Promise<{ detail: string; guarded: boolean; clockAheadMs: number | undefined }> {
  const started = clock.elapsed();
  const { status, headers, text } = await http.fetchText(
    { method, url, headers: { "user-agent": userAgent, originator } },
    { maxBytes: 256 * 1024, timeoutMs: requestTimeoutMs, signal },
  );
  const ms = Math.round(clock.elapsed() - started);
  const challenged = headers["cf-mitigated"] === "challenge";
  const date = typeof headers["date"] === "string" ? Date.parse(headers["date"]) : NaN; // RFC 9110 §6.6.1: whole seconds
  return {
    detail: `HTTP ${status} in ${ms} ms${challenged ? ", challenged by Cloudflare" : ""}`,
    guarded: isInterstitialPage(toApiErrorInfo(status, headers, text, clock.now())),
    clockAheadMs: Number.isNaN(date) ? undefined : date - clock.now(),
  };
}

/** The network check as a whole timed out. */
function timeoutFinding(seconds: number, proxy: string | undefined): Finding {
  const text = `The services gave no sign within ${seconds} s`;
  return proxy === undefined
    ? problem("network", `${text}.`, [act("Check the connection, VPN and firewall")])
    : problem("network", `${text}; the proxy of ${proxy} stands on the way.`, correctProxy(proxy));
}

/** Uses the smallest skew: other responses may come from a cache. */
function clockFindings(skews: readonly number[]): Finding[] {
  const [ahead] = skews.toSorted((a, b) => Math.abs(a) - Math.abs(b));
  if (ahead === undefined) return [];
  const off = Math.abs(ahead);
  if (off <= skewNoteMs) return [ok("clock", "This machine's clock agrees with the services'.")];
  const text = `This machine's clock is ${span(off)} ${ahead > 0 ? "behind" : "ahead of"} the services'.`;
  const fix = [act("Set the clock, best by switching on the system's automatic time")];
  return off > skewProblemMs
    ? [problem("clock", `${text} Logins and certificates seem expired or not yet valid.`, fix)]
    : [note("clock", text, fix)];
}

function portFindings(reports: readonly (readonly [number, PortReport])[], ownPort: number | undefined): Finding[] {
  const usable = reports.some(([port, { state }]) => state === "free" || port === ownPort);
  return reports.map(([port, report]) => {
    const check = `port ${port}`;
    if (port === ownPort) return ok(check, "The sign-in that waits here listens on it.");
    if (report.state === "free") return ok(check, "Free for the browser's return.");
    const reserved = report.state === "reserved";
    const text = reserved ? "The system has reserved it and gives it to nobody." : `${holder(report)} listens on it.`;
    if (usable) return note(check, `${text} A sign-in takes another port.`);
    const advice = reserved
      ? act(`See what is reserved (Windows: netsh int ipv4 show excludedportrange tcp) and release port ${port}`)
      : either(deviceSignIn, act("Close that program (often another sign-in that waits)"));
    return problem(check, text, [advice]);
  });
}

function holder({ pid, name }: PortReport): string {
  if (pid === undefined) return "Another program";
  return name === undefined ? `Process ${pid}` : `${name} (process ${pid})`;
}
