import type { ComposedCodex } from "../app/codex.ts";
import { exitProcess } from "../platform/exit.ts";
import { defaultLimits, type Limits } from "../shared/limits.ts";
import { createServer } from "./server.ts";
import { StdioTransport } from "./stdio-transport.ts";
import type { Toolbox } from "./toolbox.ts";

/** The program behind the protocol. */
interface Loaded {
  codex: ComposedCodex;
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
  const program = new LazyProgram(limits);
  const server = createServer(async () => (await program.load()).toolbox);
  server.onerror = (error) => {
    program.loaded?.codex.context.log("CODEX", `protocol: ${error.message}`);
  };
  const end = endOnce(() => server.close().then(() => program.close()), limits.shutdownGraceMs);
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => {
      end(0);
    });
  }
  for (const event of ["uncaughtException", "unhandledRejection"] as const) {
    process.on(event, (thrown: unknown) => {
      const text = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : "a thrown value";
      // Before the program is loaded, no secret has been read.
      const redacted = program.loaded?.codex.context.redactor.redactAll(text) ?? text;
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
  stdin.once("data", () => setImmediate(() => void program.load()));
}

/** Loads and composes the program once, when it is first needed. */
class LazyProgram {
  /** Once it is loaded. */
  loaded: Loaded | undefined;
  readonly #limits: Limits;
  #loading: Promise<Loaded> | undefined;

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  load(): Promise<Loaded> {
    return (this.#loading ??= this.#compose());
  }

  async #compose(): Promise<Loaded> {
    const [{ composeCodex }, { systemRuntime }, { createToolbox }] = await Promise.all([
      import("../app/compose.ts"),
      import("../app/runtime.ts"),
      import("./toolbox.ts"),
    ]);
    const codex = composeCodex(systemRuntime(this.#limits));
    return (this.loaded = { codex, toolbox: createToolbox(codex) });
  }

  async close(): Promise<void> {
    const loaded = await this.#loading;
    await loaded?.codex.close();
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
      exitProcess(code);
    };
    setTimeout(out, graceMs).unref();
    close().then(out, out);
  };
}
