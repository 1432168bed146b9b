import { note, ok, problem, type Finding } from "../finding.ts";
import { span } from "../../shared/time.ts";
import type { PortState } from "../../platform/ports.ts";
import { correctProxy } from "../../http/network-error.ts";
import { checkHealth, type HealthDeps, type HealthTarget, type OriginHealth } from "./health.ts";
import type { Check } from "./doctor.ts";
import { act, either } from "../../shared/next-step.ts";

const skewNoteMs = 60_000;
const skewProblemMs = 5 * 60_000;

/** A port that the browser may return to, and who has it where the system tells. */
export interface PortReport {
  state: PortState;
  pid?: number | undefined;
  name?: string | undefined;
}

export interface NetworkDeps extends HealthDeps {
  /** Empty where a setting spoils the origins: nobody asked for the standard ones. */
  targets: () => Promise<readonly HealthTarget[]>;
  /** The variable whose proxy stands on the way to them, if one does. */
  proxyVariable: () => string | undefined;
  callbackPorts: readonly number[];
  portState: (port: number) => Promise<PortReport>;
  /** The port on which a sign-in of this process waits, if one does. */
  ownPort: () => number | undefined;
}

/** What lies between here and the services, and between the browser and here. */
export function networkChecks(deps: NetworkDeps): Check[] {
  const { targets, proxyVariable, callbackPorts, portState, ownPort } = deps;
  const ports = callbackPorts.filter((port) => port !== 0);
  return [
    {
      name: "network",
      late: (seconds) => judgeLate(seconds, proxyVariable()),
      run: async (signal) => {
        const health = await checkHealth(await targets(), deps, signal);
        return [...health.map(judgeOrigin), ...judgeClock(health)];
      },
    },
    {
      name: "ports",
      run: async () => {
        const reports: [number, PortReport][] = [];
        for (const port of ports) reports.push([port, await portState(port)]);
        return judgePorts(reports, ownPort());
      },
    },
  ];
}

export function judgeOrigin(health: OriginHealth): Finding {
  const { origin, reachable, detail, blocked, fix } = health;
  const check = "network";
  if (!reachable) {
    return problem(
      check,
      `${origin} is not reachable: ${detail}`,
      fix ?? [act("Check the connection and the proxy settings")],
    );
  }
  if (!blocked) return ok(check, `${origin} is reachable, ${detail}.`);
  return problem(check, `${origin} is blocked on this way: ${detail}. The login is not affected.`, [
    act("Try without VPN or proxy, or from another network; wait a few minutes before you repeat it"),
  ]);
}

/** The services gave no sign at all: nothing can be asked in this way. */
export function judgeLate(seconds: number, proxy: string | undefined): Finding {
  const text = `The services gave no sign within ${seconds} s`;
  return proxy === undefined
    ? problem("network", `${text}.`, [act("Check the connection, VPN and firewall")])
    : problem("network", `${text}; the proxy of ${proxy} stands on the way.`, correctProxy(proxy));
}

/** By the server that differs least: an answer may have been kept somewhere on its way. */
export function judgeClock(health: readonly OriginHealth[]): Finding[] {
  const [ahead] = health
    .flatMap(({ clockAheadMs }) => (clockAheadMs === undefined ? [] : [clockAheadMs]))
    .toSorted((a, b) => Math.abs(a) - Math.abs(b));
  if (ahead === undefined) return [];
  const off = Math.abs(ahead);
  if (off <= skewNoteMs) return [ok("clock", "This machine's clock agrees with the services'.")];
  const text = `This machine's clock is ${span(off)} ${ahead > 0 ? "behind" : "ahead of"} the services'.`;
  const fix = [act("Set the clock, best by switching on the system's automatic time")];
  return off > skewProblemMs
    ? [problem("clock", `${text} Logins and certificates seem expired or not yet valid.`, fix)]
    : [note("clock", text, fix)];
}

export function judgePorts(
  reports: readonly (readonly [number, PortReport])[],
  ownPort: number | undefined,
): Finding[] {
  const usable = reports.some(([port, { state }]) => state === "free" || port === ownPort);
  return reports.map(([port, report]) => {
    const check = `port ${port}`;
    if (port === ownPort) return ok(check, "The sign-in that waits here listens on it.");
    if (report.state === "free") return ok(check, "Free for the browser's return.");
    const text =
      report.state === "reserved"
        ? "The system has reserved it and gives it to nobody."
        : `${holder(report)} listens on it.`;
    if (usable) return note(check, `${text} A sign-in takes another port.`);
    return report.state === "reserved"
      ? problem(check, text, [
          act(`See what is reserved (Windows: netsh int ipv4 show excludedportrange tcp) and release port ${port}`),
        ])
      : problem(check, text, [
          either({ do: "sign-in", method: "device" }, act("Close that program (often another sign-in that waits)")),
        ]);
  });
}

function holder({ pid, name }: PortReport): string {
  if (pid === undefined) return "Another program";
  return name === undefined ? `Process ${pid}` : `${name} (process ${pid})`;
}
