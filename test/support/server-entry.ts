// The program as shipped, but with shortened limits from TEST_LIMITS (JSON): bundled like main.ts.
import { defaultLimits, type Limits } from "../../src/shared/limits.ts";
import { refreshArgument } from "../../src/app/refresh-command.ts";

const shortened = JSON.parse(process.env["TEST_LIMITS"] ?? "{}") as Partial<Limits>;
const limits = { ...defaultLimits, ...shortened };
if (process.argv[2] === refreshArgument) {
  void import("../../src/app/refresh-process.ts").then(({ runRefresh }) => runRefresh(process.argv.slice(3), limits));
} else {
  void import("../../src/mcp/serve.ts").then(({ runServer }) => runServer(limits));
}
