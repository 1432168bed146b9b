import type { Credential } from "../api/credential.ts";
import { fingerprint } from "../platform/random.ts";
import { accountLabel } from "./oauth/token-set.ts";

/** Whose models and quota these are; a refresh doesn't change it. */
export type Account = Pick<Credential, "api" | "baseUrl" | "accountId" | "secret">;

/** The account's cache key: a fingerprint that reveals no account id and no secret. */
export function accountKey({ baseUrl, accountId, secret }: Account): string {
  return fingerprint(`${new URL(baseUrl).origin}\n${accountId ?? secret}`);
}

/** The masked account; undefined for a credential without one, such as an API key. */
export function accountOf({ accountId, email }: Credential): string | undefined {
  return accountId === undefined ? undefined : accountLabel({ accountId, email });
}

/** Remembers which account answered last in this process, to report a change. */
export class AnsweringAccount {
  #last: { key: string; label: string } | undefined;

  /** Records the account; returns a notice if the last answer was another account's. */
  changed({ accountId, secret, owner }: Credential): string[] {
    const present = { key: accountId ?? fingerprint(secret), label: owner };
    const last = this.#last;
    this.#last = present;
    if (last === undefined || last.key === present.key) return [];
    return [`another account answered than before: ${present.label} (before: ${last.label})`];
  }
}
