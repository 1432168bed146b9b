import { existsSync, readFileSync, realpathSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { CodexError } from "../shared/errors.ts";
import { act, retry } from "../shared/next-step.ts";
import { oneLine } from "../shared/text.ts";
import type { Clock } from "./clock.ts";
import { withoutSecrets } from "./detached-process.ts";

/** The system's keyring: Secret Service, Keychain or Credential Manager. Every call ends within ten seconds. */
export interface Keyring {
  /** The secret of this name; undefined if the keyring has none. @throws CodexError `CONFIG` if it cannot be asked */
  get(name: string): Promise<string | undefined>;
  /** Stores a secret, and reads it back. @throws CodexError `CONFIG` */
  set(name: string, secret: string): Promise<void>;
}

const keyringPackage = "@napi-rs/keyring";
/** The release that the suite runs with. */
const keyringRelease = "2.1.2";
/** The keyring's entries carry it as their service. */
const keyringService = "codex-oauth";

const callTimeoutMs = 10_000;
const maxReplyChars = 16 * 1024;

/**
 * Asks the keyring, in a process of its own. The native module blocks the thread that opens the store, and a blocked
 * thread keeps a process from exiting; only a process can be abandoned. It ends with this one, when its stdin closes.
 * On Linux only the Secret Service will do: the kernel's keyring, to which the module would fall back, is lost at a
 * restart.
 */
const helper = `
"use strict";
const { Worker } = require("node:worker_threads");
const end = () => process.kill(process.pid, "SIGKILL");
const call = async () => {
  const { parentPort, workerData: { folder, service, name, secret } } = require("node:worker_threads");
  try {
    const { AsyncEntry } = require(folder);
    const entry = new AsyncEntry(service, name, { linux: { store: "secret-service" } });
    if (secret !== undefined) await entry.setPassword(secret);
    parentPort.postMessage({ secret: (await entry.getPassword()) ?? null });
  } catch (error) {
    parentPort.postMessage({ failure: String(error.message) });
  }
};
let text = "";
process.stdin.setEncoding("utf8").on("data", (part) => {
  text += part;
  if (!text.endsWith("\\n")) return;
  const worker = new Worker("(" + call + ")()", { eval: true, workerData: JSON.parse(text) });
  worker.on("error", (error) => process.stdout.write(JSON.stringify({ failure: String(error.message) }), end));
  worker.on("message", (reply) => process.stdout.write(JSON.stringify(reply), end));
}).on("close", end);
`;

interface KeyringDeps {
  clock: Clock;
  env: Readonly<Record<string, string | undefined>>;
  execPath: string;
  /** The package's folder, or the folder where it has to be installed. */
  locate: () => { found: string } | { missingFrom: string };
}

interface Reply {
  secret?: string | null;
  failure?: string;
}

/** The keyring of this system; the package is loaded by the helper alone. */
export class SystemKeyring implements Keyring {
  readonly #deps: KeyringDeps;

  constructor(deps: KeyringDeps) {
    this.#deps = deps;
  }

  async get(name: string): Promise<string | undefined> {
    return (await this.#ask({ name })) ?? undefined;
  }

  async set(name: string, secret: string): Promise<void> {
    if ((await this.#ask({ name, secret })) !== secret) throw unusable("It does not keep what is stored in it.");
  }

  async #ask(call: { name: string; secret?: string }): Promise<string | null | undefined> {
    const place = this.#deps.locate();
    if ("missingFrom" in place) throw notInstalled(place.missingFrom);
    const job = JSON.stringify({ folder: place.found, service: keyringService, ...call });
    const text = await this.#run(`${job}\n`);
    let reply: Reply;
    try {
      reply = JSON.parse(text) as Reply;
    } catch {
      throw unusable("The process that asks it ended without an answer.");
    }
    if (reply.failure !== undefined) throw unusable(`It said: ${oneLine(reply.failure, 200)}`);
    return reply.secret;
  }

  /** What the helper writes to stdout until it ends. */
  async #run(job: string): Promise<string> {
    const { clock, env, execPath } = this.#deps;
    const { spawn } = await import("node:child_process");
    return new Promise((resolve, reject) => {
      let child: ReturnType<typeof spawn>;
      try {
        child = spawn(execPath, ["-e", helper], {
          env: helperEnvironment(env),
          stdio: ["pipe", "pipe", "ignore"],
          windowsHide: true,
        });
      } catch (error) {
        reject(notStarted(error));
        return;
      }
      let text = "";
      const timer = clock.timer(callTimeoutMs, () => {
        child.kill("SIGKILL");
        reject(unanswered());
      });
      child.on("error", (error) => {
        timer.cancel();
        reject(notStarted(error));
      });
      child.stdout?.setEncoding("utf8").on("data", (part: string) => {
        text = (text + part).slice(0, maxReplyChars);
      });
      child.on("close", () => {
        timer.cancel();
        resolve(text);
      });
      child.stdin?.on("error", () => undefined).write(job); // it stays open: its end is the end of this process
    });
  }
}

/** Hosts that pass on few variables leave the session's bus out, which systemd has at a fixed place. */
function helperEnvironment(env: KeyringDeps["env"]): Record<string, string | undefined> {
  const bus = `/run/user/${process.getuid?.() ?? ""}/bus`;
  const found = env["DBUS_SESSION_BUS_ADDRESS"] ?? (existsSync(bus) ? `unix:path=${bus}` : undefined);
  // A program on Electron is no Node without the second.
  return { ...withoutSecrets(env, []), DBUS_SESSION_BUS_ADDRESS: found, ELECTRON_RUN_AS_NODE: "1" };
}

/**
 * Looks for the keyring's package where this one's installer puts packages, and nowhere above.
 *
 * @param files of this package; the first one that lies in it counts
 */
export function locateKeyring(files: readonly (string | undefined)[]): { found: string } | { missingFrom: string } {
  const roots = files.map(packageRoot).filter((root) => root !== undefined);
  for (const root of roots) {
    const beside = dirname(root);
    const folders = [join(root, "node_modules"), ...(basename(beside) === "node_modules" ? [beside] : [])];
    const found = folders.map((folder) => join(folder, keyringPackage)).find((folder) => existsSync(folder));
    if (found !== undefined) return { found };
  }
  return { missingFrom: roots[0] ?? "" };
}

/** The folder of the package that the file belongs to, if that is this one. */
function packageRoot(file: string | undefined): string | undefined {
  if (file === undefined) return undefined;
  try {
    for (let folder = dirname(realpathSync(file)); folder !== dirname(folder); folder = dirname(folder)) {
      if (!existsSync(join(folder, "package.json"))) continue;
      const { name } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as { name?: unknown };
      return name === "codex-oauth-mcp" ? folder : undefined;
    }
  } catch {
    // No file of this package.
  }
  return undefined;
}

function notInstalled(root: string): CodexError {
  const folder = root === "" ? "" : ` --prefix ${JSON.stringify(root)}`;
  // Else npm fetches all that developing needs, or leaves this package out as well.
  const options = "--no-save --save-prod --omit=dev --ignore-scripts";
  const command = `npm install ${options}${folder} ${keyringPackage}@${keyringRelease}`;
  return new CodexError(
    "CONFIG",
    `The package ${keyringPackage}, which opens the system's keyring, is not installed.`,
    {
      next: [act(`Run: ${command}`), retry],
    },
  );
}

function unanswered(): CodexError {
  return new CodexError("CONFIG", `The system's keyring did not answer within ${callTimeoutMs / 1_000} seconds.`, {
    why: "It may be locked, and wait for its password in a window.",
    next: [act("Unlock the keyring"), retry],
  });
}

function unusable(why: string): CodexError {
  return new CodexError("CONFIG", "The system's keyring cannot be used.", {
    why,
    next: [act("Start and unlock the keyring of this session (on Linux one with a Secret Service)"), retry],
  });
}

function notStarted(error: unknown): CodexError {
  const { code = "unknown" } = error as NodeJS.ErrnoException;
  return unusable(`No process could be started to ask it (${code}).`);
}
