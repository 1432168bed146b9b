import { CodexError } from "../shared/errors.ts";
import { validated } from "../shared/validated.ts";
import type { Tool } from "./tool.ts";

/**
 * The arguments as the tool declares them; hosts do not check them.
 *
 * @throws CodexError `BAD_REQUEST` that names each field and what it accepts, never a value.
 */
export function validateArguments(tool: Tool, args: unknown): unknown {
  return validated(tool.input, args ?? {}, "the arguments", (...faults) => {
    const listed = faults.slice(0, 5).map(({ field, verdict }) => `${field} ${verdict}`);
    return new CodexError(
      "BAD_REQUEST",
      `${tool.name} was called with unusable arguments: ${listed.join("; ")}.`,
      { why: "Nothing was sent or changed." },
    );
  });
}
