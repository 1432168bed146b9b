import * as z from "zod";
import type { StoredPreference } from "../../api/credential.ts";
import { type CredentialKind, credentialKinds, externalKinds } from "../../shared/credential-kind.ts";
import { sealAlgorithm } from "../../platform/sealed-box.ts";
import { CodexError } from "../../shared/errors.ts";
import { parseJson } from "../../shared/json.ts";
import { act, either, setVariable } from "../../shared/next-step.ts";
import { lastEpochMs } from "../oauth/claims.ts";
import { tokenString } from "../oauth/oauth-messages.ts";
import type { TokenSet } from "../oauth/token-set.ts";

/** This program's key in the shared file; other programs own every other key. */
const recordKey = "codex";

const recordVersion = 1;

/**
 * The version of an encrypted login. It is one of its own, so that a program which knows only the plain one leaves it
 * alone. A record with a higher version belongs to a newer codex-oauth.
 */
const sealedVersion = 2;

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

/** A login, in use or set aside, as it is before it is encrypted. */
const withOrigins = z.looseObject({
  version: z.literal(recordVersion),
  mode: z.enum(credentialKinds).nullish(),
  issuer: z.string(),
  apiOrigin: z.string(),
  key: z.unknown().optional(),
});

const choiceRecord = z.object({
  version: z.literal(recordVersion),
  mode: z.enum(externalKinds),
  generation: epochMs,
});

const sealedRecord = z.object({
  version: z.literal(sealedVersion),
  mode: z.enum(credentialKinds),
  issuer: z.string().min(1),
  apiOrigin: z.string().min(1),
  algorithm: z.literal(sealAlgorithm),
  /** The name of the key in the keyring. */
  key: z.string().min(1).max(200),
  /** The rest of the record as JSON, encrypted. */
  sealed: z.string(),
});

/** A login whose tokens, account and unknown fields are encrypted (`LoginCipher`). */
export type SealedRecord = z.infer<typeof sealedRecord>;

const versionOnly = z.object({ version: z.number() });
const knownKinds: readonly string[] = credentialKinds;
const unknownKind = z.object({ mode: z.string().refine((kind) => !knownKinds.includes(kind)) });

type StoredRecord =
  | { kind: "none" }
  | { kind: "login"; tokens: TokenSet }
  | { kind: "sealed"; record: SealedRecord }
  /** With a ChatGPT login that is set aside, if there is one. */
  | { kind: "choice"; choice: StoredPreference; tokens: TokenSet | undefined }
  /** Of a higher version, or of a known one with an unknown kind, or encrypted in an unknown way. */
  | { kind: "newer"; version: number }
  | { kind: "damaged" };

/** A kind to use from now on. "chatgpt" takes a login that was set aside; its generation is the login's own. */
export interface Choice {
  kind: CredentialKind;
  generation: number;
}

export type Document = Readonly<Record<string, unknown>>;

/** This program's record in the parsed auth file. */
export function readRecord(document: Document): StoredRecord {
  const stored = document[recordKey];
  if (stored === undefined || stored === null) return { kind: "none" };
  const version = versionOnly.safeParse(stored);
  if (version.success && version.data.version > recordVersion) {
    const sealed = sealedRecord.safeParse(stored);
    return sealed.success ? { kind: "sealed", record: sealed.data } : { kind: "newer", version: version.data.version };
  }
  // A kind that a later release added without a new version: its user must not be signed out here.
  if (unknownKind.safeParse(stored).success) return { kind: "newer", version: recordVersion };
  const choice = choiceRecord.safeParse(stored);
  const tokens = storedTokens.safeParse(stored);
  if (choice.success) {
    const { mode: kind, generation } = choice.data;
    return { kind: "choice", choice: { kind, generation }, tokens: tokens.data };
  }
  if (!tokens.success || !loginRecord.safeParse(stored).success) return { kind: "damaged" };
  return { kind: "login", tokens: tokens.data };
}

/** What is stored: tokens, a choice, both, or neither. */
export interface StoredState {
  /** Beside a choice the login is set aside: kept, but not used. */
  tokens: TokenSet | undefined;
  /** The chosen credential that needs no login of this program. */
  choice: StoredPreference | undefined;
  damaged: boolean;
  /** The login is encrypted in the file. */
  encrypted?: boolean | undefined;
}

/** The content of the auth file. A damaged file has no document if it is no JSON object. */
export type AuthFileContent = StoredState & {
  /** An encrypted login, before `LoginCipher.open`. */
  sealed?: SealedRecord | undefined;
  /** Why an encrypted login cannot be opened, for good; it counts as damaged then. */
  unopened?: "no-key" | "wrong-key" | undefined;
} & ({ damaged: false; document: Document } | { damaged: true; document: Document | undefined });

/**
 * Parses the text of the auth file; undefined is a missing file.
 *
 * @param opensSealed the caller can decrypt; to others an encrypted login belongs to a newer program
 * @throws CodexError `STORAGE` for a record of a newer version.
 */
export function parseAuthFile(text: string | undefined, path: string, opensSealed = false): AuthFileContent {
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
    case "sealed":
      if (!opensSealed) throw newerRecord(path, sealedVersion, recordVersion);
      return { ...empty, document, encrypted: true, sealed: record.record };
    case "choice":
      return { ...empty, document, choice: record.choice, tokens: record.tokens };
    case "damaged":
      return { ...empty, damaged: true, document };
    case "newer":
      throw newerRecord(path, record.version, opensSealed ? sealedVersion : recordVersion);
  }
}

function newerRecord(path: string, version: number, known: number): CodexError {
  return new CodexError("STORAGE", `The login in ${path} was written by a newer codex-oauth.`, {
    why:
      version <= known
        ? "Its record names a way of signing in or of encryption that this program does not know."
        : `Its record has version ${version}, this program knows version ${known}.`,
    next: [either(act("Update codex-oauth"), setVariable("CODEX_AUTH_FILE", "another file"))],
  });
}

/** The document to change: without the record if that is damaged. */
export function editableDocument({ damaged, document = {} }: AuthFileContent): Document {
  return damaged ? withoutRecord(document) : document;
}

/** The document after that login was set aside: its key's name stays, so that the next login is encrypted, too. */
export function withKeyOf(document: Document, { key }: SealedRecord): Document {
  return { ...document, [recordKey]: { key } };
}

/**
 * The content with an encrypted login opened. Its record has the plain form, and keeps the key's name, so that the
 * next write encrypts it again.
 *
 * @param text the decrypted rest of the record
 */
export function withOpened(content: AuthFileContent, sealed: SealedRecord, text: string): AuthFileContent {
  const { mode, issuer, apiOrigin, key } = sealed;
  const rest = parseJson(text);
  const record = { ...(typeof rest === "object" ? rest : {}), version: recordVersion, mode, issuer, apiOrigin, key };
  const document = { ...content.document, [recordKey]: record };
  const opened = readRecord(document);
  if ((opened.kind !== "login" && opened.kind !== "choice") || opened.tokens === undefined) {
    return { ...content, damaged: true, tokens: undefined };
  }
  const choice = opened.kind === "choice" ? opened.choice : undefined;
  return { ...content, damaged: false, tokens: opened.tokens, choice, document };
}

/** A login in a document, split for encryption; undefined if the document has none. */
export function splitLogin(
  document: Document,
): { head: Omit<SealedRecord, "key" | "sealed">; key: unknown; rest: string } | undefined {
  const stored = document[recordKey];
  const record = withOrigins.safeParse(stored);
  if (!record.success) return undefined;
  const { version: _, mode, issuer, apiOrigin, key, ...rest } = record.data;
  const head = {
    version: sealedVersion,
    mode: mode ?? "chatgpt",
    issuer,
    apiOrigin,
    algorithm: sealAlgorithm,
  } as const;
  return { head, key, rest: JSON.stringify(rest) };
}

/** The document with an encrypted login as the record. */
export function withSealed(document: Document, record: SealedRecord): Record<string, unknown> {
  return { ...document, [recordKey]: record };
}

/** The document whose login is stored as it is. */
export function withoutKey(document: Document): Document {
  const { key: _, ...record } = document[recordKey] as Record<string, unknown>;
  return { ...document, [recordKey]: record };
}

/** The document with this login as the record; unknown keys stay, in the record too. A refresh keeps a choice. */
export function withRecord(document: Document, tokens: TokenSet): Record<string, unknown> {
  const previous = document[recordKey];
  const record = readRecord(document);
  const isSetAside = record.kind === "choice" && record.tokens?.generation === tokens.generation;
  const { email, plan, ...required } = tokens;
  return {
    ...document,
    [recordKey]: {
      ...(typeof previous === "object" ? previous : {}),
      version: recordVersion,
      mode: isSetAside ? record.choice.kind : "chatgpt",
      ...required,
      email: email ?? null,
      plan: plan ?? null,
      // Named, so that a login never inherits them from the previous record.
      workspaceOrigin: tokens.workspaceOrigin,
      routingOverride: tokens.routingOverride,
    },
  };
}

/** The document with this choice; a login stays in the record. */
export function withChoice(document: Document, { kind, generation }: Choice): Record<string, unknown> {
  const previous = document[recordKey];
  return {
    ...document,
    [recordKey]: { ...(typeof previous === "object" ? previous : {}), version: recordVersion, mode: kind, generation },
  };
}

/** The document without the record: signed out. */
export function withoutRecord(document: Document): Record<string, unknown> {
  return Object.fromEntries(Object.entries(document).filter(([key]) => key !== recordKey));
}
