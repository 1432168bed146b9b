const versionPattern = /^(\d{1,6})\.(\d{1,6})\.(\d{1,6})$/;

/** True for `MAJOR.MINOR.PATCH` without a suffix. */
export function isVersion(value: string): boolean {
  return versionPattern.test(value);
}

/** The higher of two versions; `MAJOR.MINOR.PATCH` wins over any other form. */
export function higherVersion(a: string, b: string | undefined): string {
  if (b === undefined || !isVersion(b)) return a;
  if (!isVersion(a)) return b;
  const left = a.split(".").map(Number);
  const right = b.split(".").map(Number);
  for (let part = 0; part < 3; part++) {
    const difference = (left[part] ?? 0) - (right[part] ?? 0);
    if (difference !== 0) return difference > 0 ? a : b;
  }
  return a;
}
