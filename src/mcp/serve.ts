import type { App } from "../app/app.ts";
import { leave } from "../platform/exit.ts";
import { defaultLimits, type Limits } from "../shared/limits.ts";
import { createServer } from "./server.ts";
import { StdioTransport } from "./stdio-transport.ts";
import type { Toolbox } from "./toolbox.ts";

interface Backend {
  app: App;
  toolbox: Toolbox;
}

/**
 * Serve MCP on this process's stdio until the host goes: at the end of stdin, at a broken stdout, or
 * at a signal. A refresh that was sent is saved before the process ends.
 */
export async function runServer(limits: Limits = defaultLimits): Promise<void> {
  const { stdin, stdout, stderr } = process;
  // Losing stderr must not end us: hosts close it at will.
  stderr.on("error", () => undefined);
  keepStdoutForProtocol();
  const backend = new LazyBackend(limits);
  const server = createServer(async () => (await backend.open()).toolbox);
  server.onerror = (error) => {
    backend.opened?.app.log("CODEX", `protocol: ${error.message}`);
  };
  const end = endOnce(() => server.close().then(() => backend.close()), limits.shutdownGraceMs);
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => {
      end(0);
    });
  }
  for (const event of ["uncaughtException", "unhandledRejection"] as const) {
    process.on(event, (thrown: unknown) => {
      const text = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : "a thrown value";
      // Before the backend is open, no secret has been read.
      const redacted = backend.opened?.app.services.redactor.all(text) ?? text;
      stderr.write(`codex-oauth: ${redacted}\n`);
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
  // The host waits for the answer to its first message, and only then for tools: between the two is
  // the time to load them.
  stdin.once("data", () => setImmediate(() => void backend.open()));
}

/** Loads and composes the program once, when it is first needed. */
class LazyBackend {
  /** Once it is open. */
  opened: Backend | undefined;
  readonly #limits: Limits;
  #opening: Promise<Backend> | undefined;

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  open(): Promise<Backend> {
    return (this.#opening ??= this.#load());
  }

  async #load(): Promise<Backend> {
    const [{ createApp }, { systemRuntime: systemWorld }, { createToolbox }] = await Promise.all([
      import("../app/app.ts"),
      import("../app/runtime.ts"),
      import("./toolbox.ts"),
    ]);
    const app = createApp(systemWorld(this.#limits));
    return (this.opened = { app, toolbox: createToolbox(app.services, app.log) });
  }

  async close(): Promise<void> {
    const backend = await this.#opening;
    await backend?.app.close();
  }
}

/** Whatever a library prints goes to stderr: stdout belongs to the protocol. */
function keepStdoutForProtocol(): void {
  Object.assign(console, new console.Console(process.stderr));
}

/** Close in order and leave; the grace bounds what may still be saved. */
function endOnce(close: () => Promise<void>, graceMs: number): (code: number) => void {
  let ending = false;
  return (code) => {
    if (ending) return;
    ending = true;
    const out = (): void => {
      leave(code);
    };
    setTimeout(out, graceMs).unref();
    close().then(out, out);
  };
}
