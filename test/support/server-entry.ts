// The server as shipped, but with shortened limits from TEST_LIMITS (JSON): bundled like main.ts.
import { defaultLimits, type Limits } from "../../src/core/limits.ts";
import { runServer } from "../../src/run.ts";

const shortened = JSON.parse(process.env["TEST_LIMITS"] ?? "{}") as Partial<Limits>;
void runServer({ ...defaultLimits, ...shortened });
