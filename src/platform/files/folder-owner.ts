import { lstatSync, type Stats } from "node:fs";
import { dirname } from "node:path";

/**
 * Why a folder of ours must not be used: it belongs to another user, or another user's link leads to it. Undefined
 * where it is ours or the administrator's, is missing, or users mean nothing (Windows).
 */
export function foreignFolder(path: string): string | undefined {
  const uid = process.getuid?.();
  if (uid === undefined) return undefined;
  const link = foreignLink(path);
  if (link !== undefined) return `${link.path} is a link of another user (uid ${link.uid})`;
  const real = ownerOf(path);
  return real === undefined || real === 0 || real === uid ? undefined : `${path} belongs to another user (uid ${real})`;
}

/** The link of another user that `path` is or leads through. The administrator's and one's own may stand on the way. */
export function foreignLink(path: string): { path: string; uid: number } | undefined {
  const uid = process.getuid?.();
  if (uid === undefined) return undefined;
  for (let part = path; part !== dirname(part); part = dirname(part)) {
    const stat = statOf(part);
    if (stat?.isSymbolicLink() === true && stat.uid !== 0 && stat.uid !== uid) {
      return { path: part, uid: stat.uid };
    }
  }
  return undefined;
}

function ownerOf(path: string): number | undefined {
  return statOf(`${path}/.`)?.uid; // behind a link of one's own
}

function statOf(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined; // what is no folder, or may not be looked at, fails where it is used
  }
}
