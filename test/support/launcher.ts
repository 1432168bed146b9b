import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { root as repository } from "./documents.ts";

/** Which packages an installed copy has: all, what the build needs (as files of its own), or none. */
export type Packages = "all" | "copied" | "none";

/** An installed copy of the launcher and the build around a program of a few lines. */
export interface Copy {
  root: string;
  /** A folder of the test's own that the launcher may be told to write to. */
  data: string;
  /** Replace the program's source, with a time after (or before) the build's. */
  writeSource(text: string, modified?: Date): void;
  /** Put something where the build goes. */
  writeBuilt(text: string): void;
  start(env?: Record<string, string>): Started;
}

export interface Started {
  child: ChildProcessWithoutNullStreams;
  ended: Promise<{ code: number | null; stdout: string; stderr: string }>;
}

/** Says which file runs, in which process, with which arguments, and ends. */
export const tellsWhatRuns =
  "process.stdout.write(JSON.stringify([__filename, process.pid, process.argv.slice(2)]));\n";

export function installedCopy(packages: Packages = "all"): Copy {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "codex-oauth-launcher-")));
  onTestFinished(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  chmodSync(folder, 0o755);
  const root = join(folder, "plugin");
  const data = join(folder, "data");
  mkdirSync(join(root, "src"), { recursive: true });
  mkdirSync(data);
  chmodSync(data, 0o777);
  for (const part of ["bin", "scripts", "package.json"]) {
    cpSync(join(repository, part), join(root, part), { recursive: true });
  }
  const modules = join(repository, "node_modules");
  if (packages === "all") symlinkSync(modules, join(root, "node_modules"));
  if (packages === "copied") {
    for (const name of ["esbuild", "@esbuild"]) {
      cpSync(join(modules, name), join(root, "node_modules", name), { recursive: true });
    }
  }
  const copy: Copy = {
    root,
    data,
    writeSource: (text, modified = new Date(0)) => {
      writeFileSync(join(root, "src/main.ts"), text);
      utimesSync(join(root, "src/main.ts"), modified, modified);
    },
    writeBuilt: (text) => {
      mkdirSync(join(root, "dist"), { recursive: true });
      writeFileSync(join(root, "dist/main.cjs"), text);
    },
    start: (env = {}) => run(root, { CLAUDE_PLUGIN_DATA: data, ...env }),
  };
  copy.writeSource(tellsWhatRuns);
  return copy;
}

const nobody = 65_534;

/** Let nobody write below the root any more, and start the launcher as an ordinary user. */
export function startReadOnly({ root, data }: Copy): Started {
  for (const folder of ["src", "bin", "scripts", ""]) chmodSync(join(root, folder), 0o555);
  onTestFinished(() => {
    for (const folder of ["src", "bin", "scripts", ""]) chmodSync(join(root, folder), 0o755);
  });
  return run(root, { CLAUDE_PLUGIN_DATA: data }, process.geteuid?.() === 0 ? nobody : undefined);
}

function run(root: string, env: Record<string, string>, uid?: number): Started {
  const child = spawn(process.execPath, [join(root, "bin/codex-oauth.mjs"), "serve"], {
    // A host starts it in a project's folder.
    cwd: tmpdir(),
    env: { PATH: process.env["PATH"] ?? "", HOME: join(root, "../data"), ...env },
    ...(uid === undefined ? {} : { uid, gid: uid }),
  });
  onTestFinished(() => {
    child.kill("SIGKILL");
  });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const ended = new Promise<Awaited<Started["ended"]>>((resolve) => {
    child.once("close", (code) => {
      resolve({ code, stdout, stderr });
    });
  });
  return { child, ended };
}
