/**
 * What a model's name looks like, wherever it comes from: so each that a list shows can be asked for.
 * The longest are those of fine-tuned models, `ft:<model>:<organization>:<suffix>:<id>`.
 */
export const modelName = /^[A-Za-z0-9][\w.:-]{0,199}$/;

/** What a snapshot's name adds to the model's own. */
const snapshotDate = /^-(?:\d{4}-\d{2}-\d{2}|\d{8}|\d{4})$/;

/** True for the name itself, in any case, and for its dated snapshots; so also for those of `…-latest`. */
export function isSameModel(asked: string, told: string): boolean {
  const [name, other] = [asked.toLowerCase(), told.toLowerCase()];
  const stem = name.replace(/-latest$/, "");
  return name === other || (other.startsWith(stem) && snapshotDate.test(other.slice(stem.length)));
}

/**
 * Which model answers, by what the service has told so far and tells now. A name that only repeats the
 * question takes nothing back: the service may tell another model in one place alone.
 */
export function resolveServedModel(asked: string, before: string | undefined, told: string): string {
  const anotherOne = before !== undefined && !isSameModel(asked, before);
  return anotherOne && isSameModel(asked, told) ? before : told;
}
