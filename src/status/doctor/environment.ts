import { acceptedValues, type Config } from "../../config/config.ts";
import { note, ok, problem, type Finding } from "../finding.ts";
import { errorCodes, toCodexError } from "../../shared/errors.ts";
import { act, restart, unsetVariables } from "../../shared/next-step.ts";
import { higherVersion } from "../../shared/semver.ts";
import { proxyRoute, type ProxySettings } from "../../http/proxy.ts";
import type { CertificateStore, CaFileReport } from "../../http/tls.ts";
import { defaultClientVersion } from "../../api/constants.ts";
import type { Check } from "./doctor.ts";

const oldestNode = "20.18.1";

interface EnvironmentDeps {
  config: Config;
  /** `process.version` */
  nodeVersion: string;
  authorities: Pick<CertificateStore, "reports">;
  /** The origins that the program uses. */
  targets: () => Promise<readonly { origin: string }[]>;
}

/** Checks Node, settings, certificates and proxies. */
export function environmentChecks(deps: EnvironmentDeps): Check[] {
  const { config, nodeVersion, authorities, targets } = deps;
  return [
    { name: "node", run: () => [nodeFinding(nodeVersion)] },
    { name: "settings", run: () => settingsFindings(config) },
    { name: "client version", run: () => [clientVersionFinding(config.clientVersion)] },
    { name: "certificates", run: async () => certificateFindings(await authorities.reports(), config.tlsUnverified) },
    { name: "proxy", run: async () => (await targets()).map(({ origin }) => proxyFinding(origin, config.proxy)) },
  ];
}

function nodeFinding(version: string): Finding {
  const number = version.replace(/^v/, "").replace(/-.*$/, "");
  if (higherVersion(number, oldestNode) === number) return ok("node", `Node ${version}.`);
  return problem("node", `Node ${version} is older than ${oldestNode}, which codex-oauth needs.`, [
    act(`Install Node ${oldestNode} or newer, and put it first in the PATH`),
    restart,
  ]);
}

function settingsFindings(config: Config): Finding[] {
  const found = [
    ...config.problems.map(({ setting, message }) =>
      problem("settings", `${setting} cannot be used: ${message} ${acceptedValues(setting)}`, errorCodes.CONFIG.next),
    ),
    ...config.notices.map((notice) => note("settings", notice, [act("Correct or unset the variable"), restart])),
  ];
  return found.length === 0 ? [ok("settings", "Every setting can be used.")] : found;
}

function clientVersionFinding(version: string): Finding {
  const check = "client version";
  if (higherVersion(version, defaultClientVersion) === version) return ok(check, `Codex ${version} is reported.`);
  return note(
    check,
    `CODEX_CLIENT_VERSION reports ${version}, which is older than this release's own ${defaultClientVersion}: the service may hide newer models.`,
    [unsetVariables("CODEX_CLIENT_VERSION")],
  );
}

function certificateFindings(reports: readonly CaFileReport[], tlsUnverified: boolean): Finding[] {
  const check = "certificates";
  const found = reports.map(({ variable, path, certificates, problem: reason }) => {
    const count = certificates.length === 1 ? "one authority" : `${certificates.length} authorities`;
    return reason === undefined
      ? ok(check, `${variable} adds ${count} from ${path}.`)
      : problem(check, `${variable} names ${path}, ${reason}.`, [act(`Correct or unset ${variable}`), restart]);
  });
  if (tlsUnverified) {
    const text = "NODE_TLS_REJECT_UNAUTHORIZED=0: nothing is sent but to this machine.";
    found.push(note(check, text, [unsetVariables("NODE_TLS_REJECT_UNAUTHORIZED")]));
  }
  return found.length === 0 ? [ok(check, "No authorities beside those of Node.")] : found;
}

function proxyFinding(origin: string, settings: ProxySettings): Finding {
  const configured = settings.httpsProxy !== undefined || settings.httpProxy !== undefined;
  try {
    const route = proxyRoute(origin, settings);
    if (route === undefined)
      return ok("proxy", `${origin} is reached directly${configured ? ", past the proxy" : ""}.`);
    const user = route.authorization === undefined ? "without a user name" : "with credentials";
    return ok("proxy", `${origin} is reached through ${route.origin} (${route.variable}), ${user}.`);
  } catch (error) {
    const { message, next } = toCodexError(error);
    return problem("proxy", message, next);
  }
}
