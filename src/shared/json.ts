/** Parses JSON; undefined if it is invalid, since error bodies may be HTML or empty. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
