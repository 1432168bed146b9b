import { runServer } from "./run.ts";

const args = process.argv.slice(2);
const [command, ...rest] = args;
const serves =
  command === undefined ? !process.stdin.isTTY : command === "serve" && rest.length === 0;
if (serves) void runServer();
// Loaded only now: a server's start must not pay for it.
else void import("./run-cli.ts").then(({ runCli }) => runCli(args));
