import type { Credential } from "./credentials.ts";
import { maskAccountId, maskEmail } from "./tokens.ts";

/** How a person is told whose account pays; never a character of a key. */
export function credentialLabel({
  mode,
  email,
  accountId,
}: Pick<Credential, "mode" | "email" | "accountId">): string {
  if (mode === "api-key") return "the API key";
  const account =
    maskEmail(email) ??
    (accountId === undefined ? "an account" : `account ${maskAccountId(accountId)}`);
  return mode === "codex-cli" ? `${account} by the Codex CLI's login` : account;
}
