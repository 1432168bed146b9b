import { refreshArgument } from "./refresh-command.ts";

// Each of the two loads only what it needs.
if (process.argv[2] === refreshArgument) {
  void import("./run-refresh.ts").then(({ runRefresh }) => {
    runRefresh();
  });
} else {
  void import("./run.ts").then(({ runServer }) => runServer());
}
