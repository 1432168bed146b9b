import * as z from "zod";
import type { StoredPreference } from "../../api/credential.ts";
import { credentialKinds, type ExternalKind, externalKinds } from "../../shared/credential-kind.ts";
import { CodexError } from "../../shared/errors.ts";
import { parseJson } from "../../shared/json.ts";
import { act, either, setVariable } from "../../shared/next-step.ts";
import { lastEpochMs } from "../oauth/claims.ts";
import { tokenString } from "../oauth/oauth-messages.ts";
import type { TokenSet } from "../oauth/token-set.ts";

/** This program's key in the shared file; other programs own every other key. */
const recordKey = "codex";

/** A record with a higher version belongs to a newer codex-oauth. */
const recordVersion = 1;

const optionalText = z.string().optional().catch(undefined);

// A wrong value only means "unknown": 0 is an expired token, never an eternal one.
const epochMs = z.number().nonnegative().max(lastEpochMs).catch(0);

/** A login as JSON; a wrong optional field costs only itself. */
const storedTokens: z.ZodType<TokenSet> = z
  .object({
    issuer: z.string().min(1),
    apiOrigin: z.string().min(1),
    accessToken: tokenString,
    refreshToken: tokenString,
    // Empty is how a login without one is written back.
    idToken: z.union([tokenString, z.literal("")]).nullish(),
    accountId: tokenString,
    email: optionalText,
    plan: optionalText,
    expiresAt: epochMs,
    generation: epochMs,
    workspaceOrigin: optionalText,
    routingOverride: optionalText,
  } satisfies Record<keyof TokenSet, z.ZodType>)
  .transform(({ idToken, email, plan, ...rest }) => ({ ...rest, idToken: idToken ?? "", email, plan }));

const loginRecord = z.object({
  version: z.literal(recordVersion),
  // The first releases wrote no mode.
  mode: z.literal("chatgpt").nullish(),
});

const choiceRecord = z.object({
  version: z.literal(recordVersion),
  mode: z.enum(externalKinds),
  generation: epochMs,
});

const versionOnly = z.object({ version: z.number() });
const knownKinds: readonly string[] = credentialKinds;
const unknownKind = z.object({ mode: z.string().refine((kind) => !knownKinds.includes(kind)) });

type StoredRecord =
  | { kind: "none" }
  | { kind: "login"; tokens: TokenSet }
  | { kind: "choice"; choice: StoredPreference }
  /** Of a higher version, or of this one with an unknown kind. */
  | { kind: "newer"; version: number }
  | { kind: "damaged" };

export type Document = Readonly<Record<string, unknown>>;

/** This program's record in the parsed auth file. */
export function readRecord(document: Document): StoredRecord {
  const stored = document[recordKey];
  if (stored === undefined || stored === null) return { kind: "none" };
  const version = versionOnly.safeParse(stored);
  if (version.success && version.data.version > recordVersion) {
    return { kind: "newer", version: version.data.version };
  }
  // A kind that a later release added without a new version: its user must not be signed out here.
  if (unknownKind.safeParse(stored).success) return { kind: "newer", version: recordVersion };
  const choice = choiceRecord.safeParse(stored);
  if (choice.success) {
    const { mode: kind, generation } = choice.data;
    return { kind: "choice", choice: { kind, generation } };
  }
  const tokens = storedTokens.safeParse(stored);
  if (!tokens.success || !loginRecord.safeParse(stored).success) return { kind: "damaged" };
  return { kind: "login", tokens: tokens.data };
}

/** What is stored: tokens, a choice, or neither. */
export interface StoredState {
  tokens: TokenSet | undefined;
  /** The chosen credential that needs no login of this program. */
  choice: StoredPreference | undefined;
  damaged: boolean;
}

/** The content of the auth file. A damaged file has no document if it is no JSON object. */
export type AuthFileContent = StoredState &
  ({ damaged: false; document: Document } | { damaged: true; document: Document | undefined });

/**
 * Parses the text of the auth file; undefined is a missing file.
 *
 * @throws CodexError `STORAGE` for a record of a newer version.
 */
export function parseAuthFile(text: string | undefined, path: string): AuthFileContent {
  const empty = { tokens: undefined, choice: undefined, damaged: false } as const;
  if (text === undefined) return { ...empty, document: {} };
  const json = parseJson(text);
  if (typeof json !== "object" || json === null || Array.isArray(json)) {
    return { ...empty, damaged: true, document: undefined };
  }
  const document = json as Document;
  const record = readRecord(document);
  switch (record.kind) {
    case "none":
      return { ...empty, document };
    case "login":
      return { ...empty, document, tokens: record.tokens };
    case "choice":
      return { ...empty, document, choice: record.choice };
    case "damaged":
      return { ...empty, damaged: true, document };
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

/** The document to change: without the record if that is damaged. */
export function editableDocument({ damaged, document = {} }: AuthFileContent): Document {
  return damaged ? withoutRecord(document) : document;
}

/** The document with this login as the record; unknown keys stay, in the record too. */
export function withRecord(document: Document, tokens: TokenSet): Record<string, unknown> {
  const previous = document[recordKey];
  const { email, plan, ...required } = tokens;
  return {
    ...document,
    [recordKey]: {
      ...(typeof previous === "object" ? previous : {}),
      version: recordVersion,
      mode: "chatgpt",
      ...required,
      email: email ?? null,
      plan: plan ?? null,
      // Named, so that a login never inherits them from the previous record.
      workspaceOrigin: tokens.workspaceOrigin,
      routingOverride: tokens.routingOverride,
    },
  };
}

/** The document with a choice as the record, in place of any login. */
export function withChoice(document: Document, kind: ExternalKind, generation: number): Record<string, unknown> {
  return { ...document, [recordKey]: { version: recordVersion, mode: kind, generation } };
}

/** The document without the record: signed out. */
export function withoutRecord(document: Document): Record<string, unknown> {
  return Object.fromEntries(Object.entries(document).filter(([key]) => key !== recordKey));
}
