/**
 * The form of a model's name in lists, settings and requests alike, so that every listed name can be requested.
 * Fine-tuned models have the longest names: `ft:<model>:<organization>:<suffix>:<id>`.
 */
export const modelName = /^[A-Za-z0-9][\w.:-]{0,199}$/;

/** The suffix of a dated snapshot. */
const snapshotDate = /^-(?:\d{4}-\d{2}-\d{2}|\d{8}|\d{4})$/;

/** True for the same name in any case, and for a dated snapshot of the requested model or of its `…-latest`. */
export function isSameModel(requested: string, reported: string): boolean {
  const [name, other] = [requested.toLowerCase(), reported.toLowerCase()];
  const stem = name.replace(/-latest$/, "");
  return name === other || (other.startsWith(stem) && snapshotDate.test(other.slice(stem.length)));
}

/**
 * Which model answers, by the service's earlier and present reports. The service may name a substitute in one place
 * and repeat the request elsewhere, so a repeated request never overrides a substitute.
 */
export function resolveServedModel(requested: string, earlier: string | undefined, reported: string): string {
  const isSubstituted = earlier !== undefined && !isSameModel(requested, earlier);
  return isSubstituted && isSameModel(requested, reported) ? earlier : reported;
}
