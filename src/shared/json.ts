import * as z from "zod";

/** A field of a foreign message that is unknown if it is missing or not a string: it costs no other field. */
export const optionalText = z.string().optional().catch(undefined);

/** Parses JSON; undefined if it is invalid, since error bodies may be HTML or empty. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
