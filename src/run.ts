import { arch, platform, release } from "node:os";
import { createApp, type App } from "./app.ts";
import { loadConfig, systemHome } from "./config.ts";
import { defaultLimits, type Limits } from "./core/limits.ts";
import { systemClock } from "./infra/clock.ts";
import { systemRandom } from "./infra/random.ts";
import { StdioTransport } from "./infra/stdio-transport.ts";
import { refreshCommand } from "./refresh-command.ts";
import { createServer } from "./server.ts";

/**
 * Serve MCP on this process's stdio until the host goes: at the end of stdin, at a broken stdout, or
 * at a signal. A refresh that was sent is saved before the process ends.
 */
export async function runServer(limits: Limits = defaultLimits): Promise<void> {
  const { stdin, stdout, stderr } = process;
  // Losing stderr must not end us: hosts close it at will.
  stderr.on("error", () => undefined);
  keepStdoutForProtocol();
  // Asking loads the system's calendar data, 12 ms of work: not before a time is shown.
  let timeZone: string | undefined;
  const app = createApp({
    config: loadConfig(process.env, systemHome()),
    clock: systemClock,
    random: systemRandom,
    limits,
    pid: process.pid,
    platform: `${platform()} ${release()}; ${arch()}`,
    get timeZone() {
      return (timeZone ??= Intl.DateTimeFormat().resolvedOptions().timeZone);
    },
    refreshCommand: refreshCommand(process),
    writeStderr: (text) => stderr.write(text),
  });
  const server = createServer(app.services, app.log);
  const end = endOnce(app, () => server.close(), limits.shutdownGraceMs);
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => {
      end(0);
    });
  }
  for (const event of ["uncaughtException", "unhandledRejection"] as const) {
    process.on(event, (thrown: unknown) => {
      const text = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : "a thrown value";
      stderr.write(`codex-oauth: ${app.services.redactor.all(text)}\n`);
      end(1);
    });
  }
  await server.connect(
    new StdioTransport({
      input: stdin,
      output: stdout,
      maxMessageBytes: limits.maxMessageBytes,
      onDisconnect: () => {
        end(0);
      },
    }),
  );
}

/** Whatever a library prints goes to stderr: stdout belongs to the protocol. */
function keepStdoutForProtocol(): void {
  Object.assign(console, new console.Console(process.stderr));
}

/** Close in order and leave; the grace bounds what may still be saved. */
function endOnce(
  app: App,
  closeServer: () => Promise<void>,
  graceMs: number,
): (code: number) => void {
  let ending = false;
  return (code) => {
    if (ending) return;
    ending = true;
    setTimeout(() => process.exit(code), graceMs).unref();
    const closed = closeServer().then(() => app.close());
    closed.then(
      () => process.exit(code),
      () => process.exit(code),
    );
  };
}
