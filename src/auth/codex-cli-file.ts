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
  // One that is there and cannot be read must not pass for the standard one.
  oauth_provenance: z.object({ issuer: z.string().min(1).max(2_000) }).nullish(),
});

const file = z.object({
  auth_mode: z.string().nullish(),
  OPENAI_API_KEY: z.string().nullish(),
  tokens: z.unknown().optional(),
});

/** The official client's login as it is used here; its refresh token is not even read. */
export interface CodexCliTokens {
  accessToken: string;
  /** Who issued the tokens, without a trailing slash. */
  issuer: string;
  accountId: string | undefined;
  email: string | undefined;
  plan: string | undefined;
  /** When the access token ends, epoch ms; undefined for one that tells nobody. */
  expiresAt: number | undefined;
  fedramp: boolean;
}

/** What stands in the official client's file, judged (docs/wire.md §20). */
export type CodexCliAuth =
  | { kind: "chatgpt"; tokens: CodexCliTokens }
  /** It pays with an API key; also where tokens stand beside the key and no mode is named. */
  | { kind: "api-key" }
  | { kind: "signed-out" }
  /** A way of signing in that is of no use to others, by its name. */
  | { kind: "other"; mode: string }
  | { kind: "damaged" };

/** Judge the text of the official client's `auth.json`. */
export function readCodexCliAuth(text: string): CodexCliAuth {
  const parsed = file.safeParse(parseJson(text));
  if (!parsed.success) return { kind: "damaged" };
  const { auth_mode: named, OPENAI_API_KEY: key, tokens: stored } = parsed.data;
  const mode = named ?? (key === null || key === undefined ? "chatgpt" : "apikey");
  if (mode === "apikey") return { kind: "api-key" };
  if (mode !== "chatgpt") {
    return { kind: "other", mode: /^[\w-]{1,40}$/.test(mode) ? mode : "unknown" };
  }
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
