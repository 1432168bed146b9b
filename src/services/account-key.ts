import type { Credential } from "../core/credentials.ts";
import { fingerprint } from "../infra/random.ts";

/** Whose models and quota these are; changes with the account, not with a refresh. */
export type Account = Pick<Credential, "mode" | "baseUrl" | "accountId" | "secret">;

/** A name for the account that tells nobody who it is. */
export function accountKey({ baseUrl, accountId, secret }: Account): string {
  return fingerprint(`${new URL(baseUrl).origin}\n${accountId ?? secret}`);
}
