// The program as shipped, but with shortened limits from TEST_LIMITS (JSON): bundled like main.ts.
import { defaultLimits, type Limits } from "../../src/core/limits.ts";
import { refreshArgument } from "../../src/refresh-command.ts";

const shortened = JSON.parse(process.env["TEST_LIMITS"] ?? "{}") as Partial<Limits>;
const limits = { ...defaultLimits, ...shortened };
if (process.argv[2] === refreshArgument) {
  void import("../../src/run-refresh.ts").then(({ runRefresh }) => {
    runRefresh(limits);
  });
} else {
  void import("../../src/run.ts").then(({ runServer }) => runServer(limits));
}
