import {
  CallToolRequestParamsSchema,
  CallToolRequestSchema,
  InitializeRequestSchema,
  type JSONRPCRequest,
  ListToolsRequestSchema,
  PingRequestSchema,
} from "@modelcontextprotocol/sdk/types.js";
import * as z from "zod";
import { fieldErrors } from "../shared/validated.ts";

/**
 * A call with arguments of any type, which the tool's schema checks. They are wrapped, since the SDK checks the call
 * again by its own schema, and would answer null or a list with that schema's raw message.
 */
export const callRequest = CallToolRequestSchema.extend({
  params: CallToolRequestParamsSchema.extend({
    arguments: z
      .unknown()
      .optional()
      .transform((value) => ({ value })),
  }),
});

/** The requests that the server answers, by method. */
const requests: ReadonlyMap<string, z.ZodType> = new Map(
  [InitializeRequestSchema, PingRequestSchema, ListToolsRequestSchema, callRequest].map((schema) => [
    schema.shape.method.value,
    schema,
  ]),
);

/**
 * The first fault of a request's parameters as a sentence; undefined if they are as its method wants them. Checked
 * before the SDK sees the request: its own error would be an internal one that quotes zod.
 */
export function paramsFault(request: JSONRPCRequest): string | undefined {
  const schema = requests.get(request.method);
  const error = schema?.safeParse(request, { reportInput: true }).error;
  if (schema === undefined || error === undefined) return undefined;
  const [{ field, verdict }] = fieldErrors(error, schema, "params");
  return `${request.method}: ${field} ${verdict}.`;
}
