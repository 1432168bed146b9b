// Stands between a host and the server and writes down what each said: tap.mjs FILE ENTRY.
// Lines of the host begin with ">", those of the server with "<".
import { spawn } from "node:child_process";
import { appendFileSync } from "node:fs";
import { createInterface } from "node:readline";

const [, , file, ...server] = process.argv;
const child = spawn(process.execPath, server, { stdio: ["pipe", "pipe", "inherit"] });
createInterface({ input: process.stdin })
  .on("line", (line) => {
    appendFileSync(file, `>${line}\n`);
    child.stdin.write(`${line}\n`);
  })
  .on("close", () => child.stdin.end());
createInterface({ input: child.stdout }).on("line", (line) => {
  appendFileSync(file, `<${line}\n`);
  process.stdout.write(`${line}\n`);
});
child.stdin.on("error", () => undefined);
child.on("exit", (code) => {
  process.exitCode = code ?? 1;
});
