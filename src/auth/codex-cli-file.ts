import * as z from "zod";
import { readClaims } from "./oauth/claims.ts";
import { defaultIssuer } from "../api/constants.ts";
import { parseJson } from "../shared/json.ts";
import { tokenString } from "./oauth/oauth-messages.ts";

const tokens = z.object({
  access_token: tokenString,
  id_token: z.string().max(100_000).nullish().catch(undefined),
  account_id: z
    .string()
    .regex(/^[\x21-\x7e]{1,200}$/)
    .nullish(),
  // An unreadable issuer must not be taken for the standard one.
  oauth_provenance: z.object({ issuer: z.string().min(1).max(2_000) }).nullish(),
});

const file = z.object({
  auth_mode: z.string().nullish(),
  OPENAI_API_KEY: z.string().nullish(),
  tokens: z.unknown().optional(),
});

/** The fields used from the Codex CLI's login; its refresh token is never read. */
export interface CodexCliTokens {
  accessToken: string;
  /** The authorization server, without a trailing slash. */
  issuer: string;
  accountId: string | undefined;
  email: string | undefined;
  plan: string | undefined;
  /** When the access token expires, epoch ms; undefined if it doesn't say. */
  expiresAt: number | undefined;
  fedramp: boolean;
}

/** What the Codex CLI's `auth.json` holds (docs/wire.md §20). */
type CodexCliAuth =
  | { kind: "chatgpt"; tokens: CodexCliTokens }
  /** API key mode; also if the file has tokens and a key, but names no mode. */
  | { kind: "api-key" }
  | { kind: "signed-out" }
  /** A sign-in method that other programs can't use. */
  | { kind: "other"; mode: string }
  | { kind: "damaged" };

/** Parses the text of the Codex CLI's `auth.json`. */
export function readCodexCliAuth(text: string): CodexCliAuth {
  const parsed = file.safeParse(parseJson(text));
  if (!parsed.success) return { kind: "damaged" };
  const { auth_mode: named, OPENAI_API_KEY: key, tokens: stored } = parsed.data;
  const mode = named ?? (key === null || key === undefined ? "chatgpt" : "apikey");
  if (mode === "apikey") return { kind: "api-key" };
  if (mode !== "chatgpt") return { kind: "other", mode: /^[\w-]{1,40}$/.test(mode) ? mode : "unknown" };
  if (stored === undefined || stored === null) return { kind: "signed-out" };
  const found = tokens.safeParse(stored);
  if (!found.success) return { kind: "damaged" };
  const { access_token: accessToken, id_token: idToken, account_id, oauth_provenance } = found.data;
  const identity = readClaims(idToken ?? "");
  const access = readClaims(accessToken);
  return {
    kind: "chatgpt",
    tokens: {
      accessToken,
      issuer: (oauth_provenance?.issuer ?? defaultIssuer).replace(/\/+$/, ""),
      accountId: account_id ?? identity.accountId ?? access.accountId,
      email: identity.email ?? access.email,
      plan: identity.plan ?? access.plan,
      expiresAt: access.expiresAt,
      fedramp: identity.fedramp,
    },
  };
}
