export type Version = readonly [number, number, number];

/** `major.minor.patch`; a pre-release suffix is dropped. Undefined for anything else. */
export function parseVersion(text: string): Version | undefined {
  const match = /^(\d+)\.(\d+)\.(\d+)(?:[-+][0-9A-Za-z.+-]+)?$/.exec(text);
  if (match === null) return undefined;
  return [Number(match[1]), Number(match[2]), Number(match[3])];
}

/** Whether `text` is a version, and not a lower one than `minimum`. */
export function isAtLeast(text: string | undefined, minimum: string): boolean {
  const have = parseVersion(text ?? "");
  const need = parseVersion(minimum);
  if (need === undefined) throw new Error(`simulator: ${minimum} is no version`);
  if (have === undefined) return false;
  for (const index of [0, 1, 2] as const) {
    if (have[index] !== need[index]) return have[index] > need[index];
  }
  return true;
}
