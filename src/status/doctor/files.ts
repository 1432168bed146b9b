import { basename, dirname } from "node:path";
import type { Config } from "../../config/config.ts";
import type { Clock } from "../../platform/clock.ts";
import { foreignFolder } from "../../platform/files/folder-owner.ts";
import { reportLock, type LockReport } from "../../platform/files/file-lock.ts";
import {
  closedFolder,
  folderFacts,
  pathFacts,
  setAsideFiles,
  type PathFacts,
} from "../../platform/files/path-facts.ts";
import { isMountPoint, ownFile } from "../../platform/files/secure-file.ts";
import { ownFolderAt } from "../../platform/files/state-folder.ts";
import type { TemporaryFiles } from "../../platform/files/temporary-files.ts";
import { act, either, restart, retry, setVariable, type NextSteps } from "../../shared/next-step.ts";
import { span } from "../../shared/time.ts";
import { note, ok, problem, type Finding } from "../finding.ts";
import type { Check } from "./doctor.ts";

/** What reads the file system; it changes nothing and never fails. */
const fileSystem = {
  closedFolder,
  folderFacts,
  foreignFolder,
  isMountPoint,
  pathFacts,
  reportLock,
  setAsideFiles,
};

export interface FilesDeps {
  config: Pick<Config, "authFile" | "stateDir">;
  clock: Clock;
  temporaries: Pick<TemporaryFiles, "abandoned">;
}

/** Checks the login file, its folder, locks and leftovers, and the state folder. An invalid path is skipped. */
export function fileChecks({ config, clock, temporaries }: FilesDeps, look = fileSystem): Check[] {
  const { authFile } = config;
  const stateDir = config.stateDir && ownFolderAt(config.stateDir);
  const folder = dirname(authFile);
  const around: Check[] = [
    {
      name: "login file",
      run: async () =>
        (await look.closedFolder(authFile)) === undefined // else see login folder
          ? [loginFileFinding(await look.pathFacts(authFile), await look.isMountPoint(authFile))]
          : [],
    },
    {
      name: "login folder",
      run: async () => {
        const closed = await look.closedFolder(authFile);
        if (closed !== undefined) return [closedFolderFinding("login folder", closed)];
        return [loginFolderFinding(await look.folderFacts(folder), look.foreignFolder(folder))];
      },
    },
    {
      name: "file lock",
      run: async () =>
        (await look.closedFolder(authFile)) === undefined
          ? [lockFinding(`${authFile}.lock`, await look.reportLock(authFile, clock.now()))]
          : [],
    },
    { name: "damaged files", run: async () => damagedFilesFindings(await look.setAsideFiles(authFile)) },
  ];
  const state: Check = {
    name: "state folder",
    run: async () => {
      const closed = await look.closedFolder(stateDir);
      if (closed === undefined)
        return [stateFolderFinding(await look.pathFacts(stateDir), look.foreignFolder(stateDir))];
      const reported = authFile !== "" && (await look.closedFolder(authFile)) === closed;
      return reported ? [] : [closedFolderFinding("state folder", closed)];
    },
  };
  const leftovers: Check = {
    name: "leftover files",
    run: async () => {
      const beside = authFile === "" ? [] : await temporaries.abandoned(folder, basename(authFile));
      return leftoverFindings([...beside, ...(stateDir === "" ? [] : await temporaries.abandoned(stateDir))]);
    },
  };
  return [...(authFile === "" ? [] : around), ...(stateDir === "" ? [] : [state]), leftovers];
}

function loginFileFinding(facts: PathFacts, isMounted: boolean): Finding {
  const check = "login file";
  const { path, kind, mode, foreignOwner } = facts;
  if (kind === "missing" || kind === "unknown") return absentFinding(check, facts);
  if (kind === "link") return problem(check, `${path} is a symbolic link and is refused.`, ownFile);
  if (kind !== "file") return problem(check, `${path} is not a regular file.`, ownFile);
  if (foreignOwner !== undefined)
    return problem(check, `${path} belongs to another user (uid ${foreignOwner}).`, ownFile);
  if (mode !== undefined && (mode & 0o077) !== 0) {
    const text = `${path} has mode ${octal(mode)}: other users may read or change it.`;
    return problem(check, text, [act(`Run: chmod 600 ${quoted(path)}`)]);
  }
  if (isMounted) {
    const text = `${path} is a mount of a single file: it can only be overwritten, which a crash can interrupt.`;
    return note(check, text, [act(`Mount its folder in place of the file`)]);
  }
  return ok(check, mode === undefined ? path : `${path} is yours alone (mode ${octal(mode)}).`);
}

function loginFolderFinding(facts: PathFacts, foreign: string | undefined): Finding {
  const check = "login folder";
  const { path, kind, mode, writable } = facts;
  if (kind === "missing" || kind === "unknown") return absentFinding(check, facts);
  if (kind !== "folder") return problem(check, `${path} is not a folder.`, [act("Correct CODEX_AUTH_FILE"), restart]);
  if (foreign !== undefined) {
    const text = `${foreign}: its owner could put another login in place of yours.`;
    return problem(check, text, [setVariable("CODEX_AUTH_FILE", "a file in a folder of your own")]);
  }
  if (!writable) return problem(check, `${path} cannot be written.`, correctRights(path));
  const writableByOthers = (mode ?? 0) & 0o022;
  if (writableByOthers === 0) return ok(check, mode === undefined ? path : `${path}, mode ${octal(mode)}.`);
  const text = `${path} has mode ${octal(mode ?? 0)}: other users may put files in place of yours.`;
  const fix = [act(`Run: chmod go-w ${quoted(path)}`)];
  // Many systems give each user a private group, and make folders group-writable.
  return (writableByOthers & 0o002) === 0 ? note(check, text, fix) : problem(check, text, fix);
}

function stateFolderFinding(facts: PathFacts, foreign: string | undefined): Finding {
  const check = "state folder";
  const { path, kind, mode, writable } = facts;
  const elsewhere: NextSteps = [setVariable("CODEX_STATE_DIR", "a folder of your own")];
  if (kind === "missing") return ok(check, `${path} is not there yet; it is made when needed.`);
  if (foreign !== undefined) return problem(check, `${foreign}, so nothing is kept in ${path}.`, elsewhere);
  if (kind !== "folder" && kind !== "link") {
    return problem(check, `${path} is not a folder that can be used.`, elsewhere);
  }
  if (!writable) return problem(check, `${path} cannot be written.`, correctRights(path));
  if (kind === "folder" && mode !== undefined && (mode & 0o077) !== 0) {
    const text = `${path} has mode ${octal(mode)}: other users may see which files it holds.`;
    return note(check, text, [act(`Run: chmod 700 ${quoted(path)}`)]);
  }
  return ok(check, path);
}

/** One finding for the closed folder replaces those of everything in it. */
function closedFolderFinding(check: string, folder: string): Finding {
  const text = `${folder} may not be entered by this user (EACCES); nothing in it can be looked at.`;
  return problem(check, text, correctRights(folder));
}

function lockFinding(path: string, report: LockReport): Finding {
  const check = "file lock";
  switch (report.kind) {
    case "free":
      return ok(check, "Nobody holds it.");
    case "unexpected":
      return problem(check, `${path} blocks every change: it ${report.why}.`, [act(`Remove ${path}`)]);
    case "held":
      // Its holder renews the time; after ten seconds without that, the next writer takes it over.
      return note(check, `A program holds ${path}, or has left it ${span(report.ageMs)} ago.`);
  }
}

function damagedFilesFindings(paths: readonly string[]): Finding[] {
  if (paths.length === 0) return [];
  const names = paths.slice(0, 3).join(", ") + (paths.length > 3 ? ", …" : "");
  const text = `${countOf(paths.length, "damaged login file")} set aside: ${names}. They may hold tokens.`;
  return [note("damaged files", text, [act("Delete them when you no longer need them")])];
}

function leftoverFindings(paths: readonly string[]): Finding[] {
  const check = "leftover files";
  if (paths.length === 0) return [ok(check, "None.")];
  const folders = [...new Set(paths.map((path) => dirname(path)))].join(", ");
  const text = `Killed processes left ${countOf(paths.length, "temporary file")} in ${folders}. They may hold tokens.`;
  return [
    note(check, text, [act("Delete the files named *.tmp.*, or leave them: the next change there removes them")]),
  ];
}

/** For a path of kind "missing" or "unknown". */
function absentFinding(check: string, { path, kind, errno = "?" }: PathFacts): Finding {
  return kind === "missing"
    ? ok(check, `${path} is not there yet; a sign-in makes it.`)
    : problem(check, `${path} cannot be looked at (${errno}).`, correctRights(path));
}

function correctRights(path: string): NextSteps {
  return [either(act(`Correct the rights of ${quoted(path)}`), act("Set another place")), retry];
}

function countOf(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}

function octal(mode: number): string {
  return mode.toString(8).padStart(4, "0");
}

/** Quotes the path for a shell, if necessary. */
function quoted(path: string): string {
  return /^[\w./@%+:,-]+$/.test(path) ? path : `'${path.replaceAll("'", String.raw`'\''`)}'`;
}
