import { refreshArgument } from "./refresh-command.ts";

const args = process.argv.slice(2);
const [command] = args;
const serves = command === "serve" ? args.length === 1 : args.length === 0 && !process.stdin.isTTY;

// Each of them loads only what it needs.
if (serves) {
  void import("./run.ts").then(({ runServer }) => runServer());
} else if (command === refreshArgument) {
  void import("./run-refresh.ts").then(({ runRefresh }) => {
    runRefresh();
  });
} else {
  void import("./run-cli.ts").then(({ runCli }) => runCli(args));
}
