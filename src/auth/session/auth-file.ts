import * as z from "zod";
import type { ExternalKind, StoredPreference } from "../../api/credential.ts";
import { recordVersion, type TokenSet } from "../oauth/token-set.ts";
import { lastEpochMs } from "../oauth/claims.ts";
import { tokenString } from "../oauth/oauth-messages.ts";

/** The key of the shared file that is ours; every other key belongs to somebody else. */
const recordKey = "codex";

const optionalText = z.string().nullish().catch(undefined);

// A wrong value only means that we do not know: 0 is an expired token, never an eternal one.
const epochMs = z.number().nonnegative().max(lastEpochMs).catch(0);

const record = z.object({
  version: z.literal(recordVersion),
  // Records from before there was a choice have none.
  mode: z.literal("chatgpt").nullish(),
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
});

const choiceRecord = z.object({
  version: z.literal(recordVersion),
  mode: z.enum(["codex-cli", "api-key"]),
  generation: epochMs,
});

const versionOnly = z.object({ version: z.number() });
const knownModes: readonly string[] = ["chatgpt", "codex-cli", "api-key"];
const unknownMode = z.object({ mode: z.string().refine((mode) => !knownModes.includes(mode)) });

/** What stands in the login file, judged. */
export type StoredRecord =
  | { kind: "none" }
  | { kind: "login"; tokens: TokenSet }
  | ({ kind: "choice" } & StoredPreference)
  /** Of another version, or of this one with a way of signing in that is not known here. */
  | { kind: "newer"; version: number }
  | { kind: "damaged" };

/** Judge the parsed content of the login file. */
export function readRecord(document: Readonly<Record<string, unknown>>): StoredRecord {
  const stored = document[recordKey];
  if (stored === undefined || stored === null) return { kind: "none" };
  const version = versionOnly.safeParse(stored);
  if (version.success && version.data.version > recordVersion) {
    return { kind: "newer", version: version.data.version };
  }
  // A way that was added later, without a new version: whoever uses it must not be signed out here.
  if (unknownMode.safeParse(stored).success) return { kind: "newer", version: recordVersion };
  const choice = choiceRecord.safeParse(stored);
  if (choice.success) {
    return { kind: "choice", mode: choice.data.mode, generation: choice.data.generation };
  }
  const parsed = record.safeParse(stored);
  if (!parsed.success) return { kind: "damaged" };
  const { version: _, mode: __, email, plan, idToken, ...rest } = parsed.data;
  return {
    kind: "login",
    tokens: {
      ...rest,
      idToken: idToken ?? "",
      email: email ?? undefined,
      plan: plan ?? undefined,
      workspaceOrigin: rest.workspaceOrigin ?? undefined,
      routingOverride: rest.routingOverride ?? undefined,
    },
  };
}

/** The document with our record replaced; unknown keys, ours and others', stay as they are. */
export function withRecord(document: Readonly<Record<string, unknown>>, tokens: TokenSet): Record<string, unknown> {
  const previous = document[recordKey];
  const kept = typeof previous === "object" && previous !== null ? previous : {};
  const { email, plan, ...required } = tokens;
  return {
    ...document,
    [recordKey]: {
      ...kept,
      version: recordVersion,
      mode: "chatgpt",
      ...required,
      email: email ?? null,
      plan: plan ?? null,
      // Named, so that a login never inherits them from the record of the one before.
      workspaceOrigin: tokens.workspaceOrigin,
      routingOverride: tokens.routingOverride,
    },
  };
}

/** The document with a choice in place of our record: whatever login stood there is gone. */
export function withChoice(
  document: Readonly<Record<string, unknown>>,
  mode: ExternalKind,
  generation: number,
): Record<string, unknown> {
  return { ...document, [recordKey]: { version: recordVersion, mode, generation } };
}

/** The document without our record: signed out. */
export function withoutRecord(document: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(document).filter(([key]) => key !== recordKey));
}
