import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { deferred } from "../../../src/platform/promises.ts";

/** A desktop session of its own: a bus, and GNOME Keyring as its Secret Service. */
export interface DesktopSession {
  /** What a program of the session finds in its environment. */
  env: Record<string, string>;
  /** What `secret-tool` finds for this program, with the secrets. */
  entries: () => { text: string; secrets: string[] };
  lock: () => void;
  /** Removes the entries, as a reset of the keyring does. */
  clear: () => void;
}

/** Starts it with an unlocked keyring; it ends with the test. */
export async function startSession(): Promise<DesktopSession> {
  const home = mkdtempSync(join(tmpdir(), "codex-oauth-session-"));
  const script =
    "printf pw | gnome-keyring-daemon --unlock --components=secrets > /dev/null; " +
    'echo "$DBUS_SESSION_BUS_ADDRESS"; exec cat';
  const runtime = join(home, "run");
  execFileSync("mkdir", ["-m", "700", runtime]);
  const base = { PATH: process.env["PATH"] ?? "", HOME: home, XDG_RUNTIME_DIR: runtime };
  const session = spawn("dbus-run-session", ["--", "sh", "-c", script], {
    env: base,
    stdio: ["pipe", "pipe", "ignore"],
  });
  const ended = new Promise((resolve) => session.once("close", resolve));
  onTestFinished(async () => {
    session.stdin.end();
    await ended;
    rmSync(home, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  });
  const address = await new Promise<string>((resolve, reject) => {
    let text = "";
    session.stdout.setEncoding("utf8").on("data", (part: string) => {
      text += part;
      if (text.endsWith("\n")) resolve(text.trim());
    });
    session.once("error", reject);
    void ended.then(() => {
      reject(new Error("the session has ended"));
    });
  });
  const env = { DBUS_SESSION_BUS_ADDRESS: address, XDG_RUNTIME_DIR: runtime };
  const run = (command: string, ...args: string[]): string =>
    execFileSync(command, args, { env: { ...base, ...env }, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  const service = ["service", "codex-oauth"];
  return {
    env,
    entries: () => {
      const text = run("secret-tool", "search", "--all", ...service);
      return { text, secrets: [...text.matchAll(/^secret = (.*)$/gm)].map(([, secret = ""]) => secret) };
    },
    lock: () => {
      const keyring = "/org/freedesktop/secrets";
      const lock = ["org.freedesktop.Secret.Service.Lock", `array:objpath:${keyring}/collection/login`];
      run("dbus-send", "--session", "--print-reply", "--dest=org.freedesktop.secrets", keyring, ...lock);
    },
    clear: () => {
      run("secret-tool", "clear", ...service);
    },
  };
}

/** A bus that takes connections and never answers. `asked` resolves with the first one, `left` when it is gone. */
export async function silentBus(): Promise<{
  env: Record<string, string>;
  asked: Promise<undefined>;
  left: Promise<undefined>;
}> {
  const folder = mkdtempSync(join(tmpdir(), "codex-oauth-bus-"));
  const path = join(folder, "bus");
  const [asked, left] = [deferred<undefined>(), deferred<undefined>()];
  const server = createServer((socket) => {
    asked.resolve(undefined);
    socket
      .on("error", () => undefined)
      .on("close", () => {
        left.resolve(undefined);
      });
    socket.resume();
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  onTestFinished(() => {
    server.close();
    rmSync(folder, { recursive: true, force: true });
  });
  return { env: { DBUS_SESSION_BUS_ADDRESS: `unix:path=${path}` }, asked: asked.promise, left: left.promise };
}
