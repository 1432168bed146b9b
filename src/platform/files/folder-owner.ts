import { lstatSync, type Stats } from "node:fs";
import { dirname } from "node:path";

/**
 * The reason why one of our folders must not be used: it belongs to another user, or another user's link leads to it.
 * Undefined if it belongs to this user or root, is missing, or the system has no owners (Windows).
 */
export function foreignFolder(path: string): string | undefined {
  const uid = process.getuid?.();
  if (uid === undefined) return undefined;
  const link = foreignLink(path);
  if (link !== undefined) return `${link.path} is a link of another user (uid ${link.uid})`;
  const owner = tryLstat(`${path}/.`)?.uid; // the target, if the path is this user's link
  return owner === undefined || owner === 0 || owner === uid
    ? undefined
    : `${path} belongs to another user (uid ${owner})`;
}

/** Another user's link that `path` is or leads through. Links of root and of this user are allowed. */
export function foreignLink(path: string): { path: string; uid: number } | undefined {
  const uid = process.getuid?.();
  if (uid === undefined) return undefined;
  for (let part = path; part !== dirname(part); part = dirname(part)) {
    const stat = tryLstat(part);
    if (stat?.isSymbolicLink() === true && stat.uid !== 0 && stat.uid !== uid) {
      return { path: part, uid: stat.uid };
    }
  }
  return undefined;
}

/** Undefined if the path is missing or inaccessible: then its use fails. */
export function tryLstat(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}
