import { createApp, type App } from "./app.ts";
import { defaultLimits, type Limits } from "./core/limits.ts";
import { StdioTransport } from "./infra/stdio-transport.ts";
import { createServer } from "./server.ts";
import { systemWorld } from "./system-world.ts";

/**
 * Serve MCP on this process's stdio until the host goes: at the end of stdin, at a broken stdout, or
 * at a signal. A refresh that was sent is saved before the process ends.
 */
export async function runServer(limits: Limits = defaultLimits): Promise<void> {
  const { stdin, stdout, stderr } = process;
  // Losing stderr must not end us: hosts close it at will.
  stderr.on("error", () => undefined);
  keepStdoutForProtocol();
  const app = createApp(systemWorld(limits));
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
