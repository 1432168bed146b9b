import { CodexError } from "../../shared/errors.ts";

/** The system's error code (`ENOSPC`, ...) of a thrown value. */
export function errnoOf(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}

const reasons: Readonly<Record<string, { why: string; next: string }>> = {
  ENOSPC: { why: "The disk is full.", next: "Free some space, then repeat the call." },
  EDQUOT: { why: "The disk quota is used up.", next: "Free some space, then repeat the call." },
  EFBIG: {
    why: "The file size limit of this process is too small.",
    next: "Raise the limit (ulimit -f), then repeat the call.",
  },
  EACCES: {
    why: "The rights do not allow it.",
    next: "Correct the rights of the folder, or set CODEX_AUTH_FILE to a writable place.",
  },
  EPERM: {
    why: "The rights do not allow it.",
    next: "Correct the rights of the folder, or set CODEX_AUTH_FILE to a writable place.",
  },
  EROFS: { why: "The file system is read-only.", next: "Set CODEX_AUTH_FILE to a writable place." },
  EIO: {
    why: "The disk reported an input/output error.",
    next: "Check the disk, then repeat the call.",
  },
  ENOTDIR: {
    why: "A part of the path is not a directory.",
    next: "Correct CODEX_AUTH_FILE, then restart.",
  },
  ELOOP: {
    why: "It is a symbolic link.",
    next: "Replace the link by a regular file, or set CODEX_AUTH_FILE to the real path.",
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
