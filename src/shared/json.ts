/** The text as JSON, or undefined when it is none: bodies of errors may be HTML or empty. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
