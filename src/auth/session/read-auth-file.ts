import type { StoredPreference } from "../../api/credential.ts";
import { CodexError } from "../../shared/errors.ts";
import { act, either, setVariable } from "../../shared/next-step.ts";
import { recordVersion, type TokenSet } from "../oauth/token-set.ts";
import { readRecord } from "./auth-file.ts";
import { parseJson } from "../../shared/json.ts";

/** What our record says; at most one of the two is there. */
export interface StoredState {
  tokens: TokenSet | undefined;
  /** Another way than a login of ours was chosen. */
  choice: StoredPreference | undefined;
}

export type Document = Readonly<Record<string, unknown>>;

/** The login file's content; a choice counts as "no tokens", never as damaged. */
export type Judged = StoredState &
  ({ kind: "usable"; document: Document } | { kind: "damaged"; document: Document | undefined });

const nobody: StoredState = { tokens: undefined, choice: undefined };

/**
 * Judge the text of the login file.
 *
 * @throws CodexError `STORAGE` for a record of a newer version.
 */
export function judgeFile(text: string | undefined, path: string): Judged {
  if (text === undefined) return { ...nobody, kind: "usable", document: {} };
  const json = parseJson(text);
  if (typeof json !== "object" || json === null || Array.isArray(json)) {
    return { ...nobody, kind: "damaged", document: undefined };
  }
  const document = json as Document;
  const record = readRecord(document);
  switch (record.kind) {
    case "none":
      return { ...nobody, kind: "usable", document };
    case "login":
      return { ...nobody, kind: "usable", document, tokens: record.tokens };
    case "choice": {
      const { mode, generation } = record;
      return { ...nobody, kind: "usable", document, choice: { mode, generation } };
    }
    case "damaged":
      return { ...nobody, kind: "damaged", document };
    case "newer":
      throw new CodexError("STORAGE", `The login in ${path} was written by a newer codex-oauth.`, {
        why:
          record.version === recordVersion
            ? "Its record names a way of signing in that this program does not know."
            : `Its record has version ${record.version}, this program knows version ${recordVersion}.`,
        next: [either(act("Update codex-oauth"), setVariable("CODEX_AUTH_FILE", "another file"))],
      });
  }
}
