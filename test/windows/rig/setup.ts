import { spawn, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { TestProject } from "vitest/node";
import { root } from "../../support/documents.ts";
import { wineEnvironment, winePath, windowsNode } from "./wine.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** A Windows made for this run. */
    windows: { prefix: string; driverPort: number; packageRoot: string };
  }
}

/** What npm installs; the folder has a space and letters of two scripts. */
const packaged = ["bin", "dist/main.cjs", "dist/index.cjs", "package.json", ".claude-plugin", "commands"];
const packageFolder = "drive_c/Program Files/codex oauth für 東京";

/** Make a Windows for the whole suite, with the package in it and a driver that starts programs. */
export async function setup({ provide }: TestProject): Promise<(() => void) | undefined> {
  const wine = winePath;
  if (wine === undefined) {
    process.stderr.write("not run here, without Wine: the program on Windows' Node\n");
    return undefined;
  }
  const node = windowsNode();
  const prefix = mkdtempSync(join(tmpdir(), "codex-oauth-windows-"));
  const env = wineEnvironment(prefix);
  const { port: driverPort, stop } = await startDriver(wine, node, env);
  const packageRoot = join(prefix, packageFolder);
  mkdirSync(packageRoot, { recursive: true });
  for (const part of packaged) cpSync(join(root, part), join(packageRoot, part), { recursive: true });
  provide("windows", { prefix, driverPort, packageRoot });
  return () => {
    stop();
    spawnSync(join(dirname(wine), "wineserver"), ["-k", "-w"], { env, timeout: 20_000 });
    rmSync(prefix, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  };
}

/** Wine makes its Windows in about ten seconds. */
const longestStartMs = 3 * 60_000;

/** The driver tells its port over a connection whose end is its own. */
function startDriver(wine: string, node: string, env: Record<string, string>) {
  return new Promise<{ port: number; stop: () => void }>((resolve, reject) => {
    const server = createServer((socket) => {
      socket.setEncoding("utf8").once("data", (text) => {
        const stop = (): void => {
          socket.destroy();
          server.close();
        };
        resolve({ port: Number(text), stop });
      });
      socket.on("error", () => undefined);
    });
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      const driver = join(root, "test/windows/rig/driver.cjs");
      const child = spawn(wine, [node, driver, String(port)], { env, stdio: "ignore" });
      const late = setTimeout(() => child.kill("SIGKILL"), longestStartMs);
      server.once("connection", () => {
        clearTimeout(late);
      });
      child.once("error", reject);
      child.once("exit", (code) => {
        reject(new Error(`the driver under Wine ended with ${code ?? "a signal"}`));
      });
    });
  });
}
