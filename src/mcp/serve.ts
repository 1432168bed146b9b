import type { ComposedCodex } from "../app/codex.ts";
import { exitProcess } from "../platform/exit.ts";
import { defaultLimits, type Limits } from "../shared/limits.ts";
import { paramsFault } from "./requests.ts";
import { createServer } from "./server.ts";
import { StdioTransport } from "./stdio-transport.ts";
import type { Toolbox } from "./toolbox.ts";

/** The program behind the protocol. */
interface Program {
  codex: ComposedCodex;
  toolbox: Toolbox;
}

/**
 * Serves MCP on this process's stdio until stdin ends, stdout breaks or a signal arrives. A refresh in flight is saved
 * before the process ends.
 */
export async function runServer(limits: Limits = defaultLimits): Promise<void> {
  const { stdin, stdout, stderr } = process;
  // A client may close stderr at any time, which must not end the process.
  stderr.on("error", () => undefined);
  // Output of a library goes to stderr: stdout belongs to the protocol.
  Object.assign(console, new console.Console(stderr));
  let loading: Promise<Program> | undefined;
  let loaded: Program | undefined;
  const load = (): Promise<Program> => (loading ??= loadProgram(limits).then((program) => (loaded = program)));
  const server = createServer(async () => (await load()).toolbox);
  server.onerror = (error) => {
    loaded?.codex.context.log("CODEX", `protocol: ${error.message}`);
  };
  const close = async (): Promise<void> => {
    await server.close();
    await (await loading)?.codex.close();
  };
  const end = endOnce(close, limits.shutdownGraceMs);
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => {
      end(0);
    });
  }
  for (const event of ["uncaughtException", "unhandledRejection"] as const) {
    process.on(event, (thrown: unknown) => {
      const text = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : "a thrown value";
      // Before the program is loaded, no secret has been read.
      stderr.write(`codex-oauth: ${loaded?.codex.context.redactor.redactAll(text) ?? text}\n`);
      end(1);
    });
  }
  await server.connect(
    new StdioTransport({
      input: stdin,
      output: stdout,
      maxMessageBytes: limits.maxMessageBytes,
      paramsFault,
      onDisconnect: () => {
        end(0);
      },
    }),
  );
  // Clients wait for the first response before they ask for tools: the time between is used to load them.
  stdin.once("data", () => setImmediate(() => void load()));
}

async function loadProgram(limits: Limits): Promise<Program> {
  const [{ composeCodex }, { systemRuntime }, { createToolbox }] = await Promise.all([
    import("../app/compose.ts"),
    import("../app/runtime.ts"),
    import("./toolbox.ts"),
  ]);
  const { codex } = composeCodex(systemRuntime(limits));
  return { codex, toolbox: createToolbox(codex) };
}

/** Closes in order and exits, at the latest after the grace, which bounds what may still be saved. */
function endOnce(close: () => Promise<void>, graceMs: number): (code: number) => void {
  let ending = false;
  return (code) => {
    if (ending) return;
    ending = true;
    const exit = (): void => {
      exitProcess(code);
    };
    setTimeout(exit, graceMs).unref();
    close().then(exit, exit);
  };
}
