import { assertConfigured, type Config, type ConfigProblem } from "../../config/config.ts";
import { note, ok, problem, type Finding } from "../finding.ts";
import { toCodexError } from "../../shared/errors.ts";
import { higherVersion } from "../../shared/semver.ts";
import { proxyRoute, type ProxySettings } from "../../http/proxy.ts";
import type { Authorities, CaFileReport } from "../../http/tls.ts";
import { defaultClientVersion } from "../../api/constants.ts";
import type { Check } from "./doctor.ts";

const oldestNode = "20.18.1";

export interface EnvironmentDeps {
  config: Config;
  /** `process.version` */
  nodeVersion: string;
  authorities: Pick<Authorities, "reports">;
  /** What is asked over the network. */
  targets: () => Promise<readonly { origin: string }[]>;
}

/** What surrounds the program: Node, settings, certificates, proxies. */
export function environmentChecks(deps: EnvironmentDeps): Check[] {
  const { config, nodeVersion, authorities, targets } = deps;
  return [
    { name: "node", run: () => [judgeNode(nodeVersion)] },
    { name: "settings", run: () => judgeSettings(config) },
    { name: "client version", run: () => [judgeClientVersion(config.clientVersion)] },
    {
      name: "certificates",
      run: async () => judgeCertificates(await authorities.reports(), config),
    },
    {
      name: "proxy",
      run: async () => (await targets()).map(({ origin }) => judgeProxy(origin, config.proxy)),
    },
  ];
}

function judgeNode(version: string): Finding {
  const number = version.replace(/^v/, "").replace(/-.*$/, "");
  if (higherVersion(number, oldestNode) === number) return ok("node", `Node ${version}.`);
  return problem(
    "node",
    `Node ${version} is older than ${oldestNode}, which codex-oauth needs.`,
    `Install Node ${oldestNode} or newer, and see that it comes first in the PATH of Claude Code.`,
  );
}

function judgeSettings(config: Config): Finding[] {
  const found = [
    ...config.problems.map((wrong) =>
      problem(
        "settings",
        `${wrong.setting} cannot be used: ${wrong.message}`,
        remedyOf(config, wrong),
      ),
    ),
    ...config.notices.map((notice) =>
      note("settings", notice, "Correct or unset the variable, then restart."),
    ),
  ];
  return found.length === 0 ? [ok("settings", "Every setting can be used.")] : found;
}

/** As the tools would say it. */
function remedyOf(config: Config, wrong: ConfigProblem): string {
  try {
    assertConfigured({ ...config, problems: [wrong] }, [wrong.area]);
  } catch (error) {
    const { details, next } = toCodexError(error);
    return [details.why, next].filter((part) => part !== undefined).join(" ");
  }
  return "Correct or unset the variable, then restart.";
}

function judgeClientVersion(version: string): Finding {
  const check = "client version";
  if (higherVersion(version, defaultClientVersion) === version) {
    return ok(check, `Codex ${version} is reported.`);
  }
  return note(
    check,
    `CODEX_CLIENT_VERSION reports ${version}, which is older than this release's own ${defaultClientVersion}: the service may hide newer models.`,
    "Unset CODEX_CLIENT_VERSION, then restart.",
  );
}

function judgeCertificates(
  reports: readonly CaFileReport[],
  { tlsUnverified }: Pick<Config, "tlsUnverified">,
): Finding[] {
  const check = "certificates";
  const found = reports.map(({ variable, path, certificates, trouble }) => {
    const count =
      certificates.length === 1 ? "one authority" : `${certificates.length} authorities`;
    return trouble === undefined
      ? ok(check, `${variable} adds ${count} from ${path}.`)
      : problem(
          check,
          `${variable} names ${path}, ${trouble}.`,
          `Correct or unset ${variable}, then restart.`,
        );
  });
  if (tlsUnverified) {
    const said = "NODE_TLS_REJECT_UNAUTHORIZED=0: nothing is sent but to this machine.";
    found.push(note(check, said, "Unset NODE_TLS_REJECT_UNAUTHORIZED, then restart."));
  }
  return found.length === 0 ? [ok(check, "No authorities beside those of Node.")] : found;
}

function judgeProxy(origin: string, settings: ProxySettings): Finding {
  const named = settings.httpsProxy !== undefined || settings.httpProxy !== undefined;
  try {
    const route = proxyRoute(origin, settings);
    if (route === undefined) {
      return ok("proxy", `${origin} is reached directly${named ? ", past the proxy" : ""}.`);
    }
    const user = route.authorization === undefined ? "without a user name" : "with credentials";
    return ok(
      "proxy",
      `${origin} is reached through ${route.origin} (${route.variable}), ${user}.`,
    );
  } catch (error) {
    const { message, next } = toCodexError(error);
    return problem("proxy", message, next);
  }
}
