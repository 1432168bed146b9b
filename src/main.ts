import { refreshArgument } from "./app/refresh-command.ts";

const args = process.argv.slice(2);
const [command] = args;
const serves = command === "serve" ? args.length === 1 : args.length === 0 && !process.stdin.isTTY;

// Each branch loads only what it needs.
if (serves) {
  void import("./mcp/serve.ts").then(({ runServer }) => runServer());
} else if (command === refreshArgument) {
  void import("./app/refresh-process.ts").then(({ runRefresh }) => runRefresh(args.slice(1)));
} else {
  void import("./cli/main.ts").then(({ runCli }) => runCli(args));
}
