import type * as z from "zod";
import { CodexError } from "../core/errors.ts";

/** An event of a known kind in its form; throws CodexError `PROTOCOL` for another one. */
export function expectForm<T>(schema: z.ZodType<T>, event: { type: string }): T {
  const parsed = schema.safeParse(event);
  if (parsed.success) return parsed.data;
  throw unknownForm(event.type, parsed.error);
}

export function unknownForm(name: string, cause?: unknown): CodexError {
  return new CodexError("PROTOCOL", "The service sent an event in an unknown form.", {
    why: `The event is called "${name.slice(0, 60)}".`,
    cause,
  });
}
