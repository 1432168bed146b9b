import { CodexError } from "../../shared/errors.ts";
import { act, either, restart, retry, setVariable, type NextSteps } from "../../shared/next-step.ts";

/** The system's error code of a thrown value, such as `ENOSPC`. */
export function errnoOf(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}

interface FileFault {
  why: string;
  next: NextSteps;
}

const elsewhere = setVariable("CODEX_AUTH_FILE", "a writable place");

const noPermission: FileFault = {
  why: "The rights do not allow it.",
  next: [either(act("Correct the rights of the folder"), elsewhere)],
};

function tooManyFiles(where: string, advice: string): FileFault {
  return { why: `Too many files are open in this ${where}.`, next: [act(advice), retry] };
}

const fileFaults: Readonly<Record<string, FileFault>> = {
  ENOSPC: { why: "The disk is full.", next: [act("Free some space"), retry] },
  EDQUOT: { why: "The disk quota is used up.", next: [act("Free some space"), retry] },
  EFBIG: {
    why: "The file size limit of this process is too small.",
    next: [act("Raise the limit (ulimit -f)"), retry],
  },
  EACCES: noPermission,
  EPERM: noPermission,
  EROFS: { why: "The file system is read-only.", next: [elsewhere] },
  EIO: { why: "The disk reported an input/output error.", next: [act("Check the disk"), retry] },
  EMFILE: tooManyFiles("process", "Raise the limit (ulimit -n) or close other windows"),
  ENFILE: tooManyFiles("system", "Close other programs or windows"),
  ENOTDIR: { why: "A part of the path is not a directory.", next: [act("Correct CODEX_AUTH_FILE"), restart] },
  ELOOP: {
    why: "It is a symbolic link.",
    next: [either(act("Replace the link by a regular file"), setVariable("CODEX_AUTH_FILE", "the real path"))],
  },
};

/**
 * Converts a file system error to a `STORAGE` error with path and cause; returns any other value unchanged.
 *
 * @param doing the operation as an infinitive: "write the login file"
 */
export function storageError(error: unknown, path: string, doing: string): unknown {
  const code = errnoOf(error);
  if (error instanceof CodexError || code === undefined || !/^E[A-Z0-9]+$/.test(code)) return error;
  const message = `codex-oauth could not ${doing} at ${path} (${code}).`;
  return new CodexError("STORAGE", message, { ...fileFaults[code], cause: error });
}
