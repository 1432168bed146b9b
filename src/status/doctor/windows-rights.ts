import { dirname } from "node:path";
import type { Config } from "../../config/config.ts";
import { fileAccess, type FileAccess } from "../../platform/windows-access.ts";
import { act, setVariable, type NextSteps } from "../../shared/next-step.ts";
import { pathFacts } from "../../platform/files/path-facts.ts";
import { note, ok, problem, type Finding } from "../finding.ts";
import type { Check } from "./doctor.ts";

const check = "login file rights";

/** Groups that others belong to; Windows shows them in its own language. */
const names: Readonly<Record<string, string>> = {
  "S-1-1-0": "Everyone",
  "S-1-5-2": "Network",
  "S-1-5-4": "Interactive",
  "S-1-5-7": "Anonymous",
  "S-1-5-11": "Authenticated Users",
  "S-1-5-32-545": "Users",
  "S-1-5-32-546": "Guests",
  DG: "Domain Guests",
  DU: "Domain Users",
};

type Settings = Pick<Config, "authFile" | "claudeHome" | "systemRoot">;

/** Checks on Windows that nobody else may read or change the login file. */
export function windowsRightsCheck(config: Settings): Check {
  const { authFile, systemRoot } = config;
  return {
    name: check,
    run: async (signal) => {
      if (authFile === "" || (await pathFacts(authFile)).kind !== "file") return [];
      return [rightsFinding(await fileAccess(authFile, { signal, systemRoot }), config)];
    },
  };
}

function rightsFinding(access: FileAccess | undefined, config: Settings): Finding {
  const { authFile } = config;
  if (access === undefined) return note(check, `Windows did not tell who may read ${authFile}.`);
  const { user, others } = access;
  if (others.length === 0) return ok(check, `Only you, the system and administrators may read ${authFile}.`);
  const who = [...new Set(others.map(({ sid }) => (sid in names ? `${names[sid] ?? ""} (${sid})` : sid)))].join(", ");
  const inherited = others.some((other) => other.inherited);
  const text = `Others may read or change ${authFile}: ${who}${inherited ? ", by the rights of its folder" : ""}.`;
  return problem(check, text, inherited ? closeFolder(user, access, config) : [removeFrom(authFile, access)]);
}

/** A refresh makes the file anew, with the rights of its folder: only these last. */
function closeFolder(user: string, access: FileAccess, { authFile, claudeHome }: Settings): NextSteps {
  const folder = dirname(authFile);
  // Any other folder may be meant for others.
  if (folder !== claudeHome) return [setVariable("CODEX_AUTH_FILE", "a file in your profile")];
  const allowed = [user, "S-1-5-18", "S-1-5-32-544"].map((sid) => `"*${sid}:(OI)(CI)F"`).join(" ");
  return [act(`Run: icacls "${folder}" /inheritance:r /grant:r ${allowed}${removal(access)}`)];
}

function removeFrom(path: string, access: FileAccess): NextSteps[number] {
  return act(`Run: icacls "${path}"${removal(access)}`);
}

/** Takes away what was given to them expressly. */
function removal({ others }: FileAccess): string {
  const sids = [...new Set(others.map(({ sid }) => sid))].filter((sid) => sid.startsWith("S-"));
  return sids.map((sid) => ` /remove:g "*${sid}"`).join("");
}
