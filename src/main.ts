import { refreshArgument } from "./app/refresh-command.ts";
import { dropRelativeFolders } from "./platform/search-path.ts";

// Before anything reads it: this process may run in a project that is not trusted.
dropRelativeFolders(process.env);

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
