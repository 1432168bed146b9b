import { CodexError } from "../../shared/errors.ts";
import { act, either, restart, retry, setVariable, type NextStep, type NextSteps } from "../../shared/next-step.ts";

/** The system's error code (`ENOSPC`, ...) of a thrown value. */
export function errnoOf(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}

const elsewhere: NextStep = setVariable("CODEX_AUTH_FILE", "a writable place");

const reasons: Readonly<Record<string, { why: string; next: NextSteps }>> = {
  ENOSPC: { why: "The disk is full.", next: [act("Free some space"), retry] },
  EDQUOT: { why: "The disk quota is used up.", next: [act("Free some space"), retry] },
  EFBIG: {
    why: "The file size limit of this process is too small.",
    next: [act("Raise the limit (ulimit -f)"), retry],
  },
  EACCES: {
    why: "The rights do not allow it.",
    next: [either(act("Correct the rights of the folder"), elsewhere)],
  },
  EPERM: {
    why: "The rights do not allow it.",
    next: [either(act("Correct the rights of the folder"), elsewhere)],
  },
  EROFS: { why: "The file system is read-only.", next: [elsewhere] },
  EIO: {
    why: "The disk reported an input/output error.",
    next: [act("Check the disk"), retry],
  },
  ENOTDIR: {
    why: "A part of the path is not a directory.",
    next: [act("Correct CODEX_AUTH_FILE"), restart],
  },
  ELOOP: {
    why: "It is a symbolic link.",
    next: [either(act("Replace the link by a regular file"), setVariable("CODEX_AUTH_FILE", "the real path"))],
  },
};

/**
 * A file system failure as STORAGE, with path and cause; ours and cancellations pass unchanged.
 *
 * @param doing what was being done, as an infinitive: "write the login file"
 */
export function storageError(error: unknown, path: string, doing: string): unknown {
  const code = errnoOf(error);
  if (error instanceof CodexError || code === undefined || !/^E[A-Z0-9]+$/.test(code)) return error;
  const reason = reasons[code];
  return new CodexError("STORAGE", `codex-oauth could not ${doing} at ${path} (${code}).`, {
    why: reason?.why,
    next: reason?.next,
    cause: error,
  });
}
