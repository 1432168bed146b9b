import type { Credential } from "../api/credential.ts";
import { fingerprint } from "../platform/random.ts";
import { accountLabel } from "./oauth/token-set.ts";

/** Whose models and quota these are; changes with the account, not with a refresh. */
export type Account = Pick<Credential, "api" | "baseUrl" | "accountId" | "secret">;

/** A name for the account that tells nobody who it is. */
export function accountKey({ baseUrl, accountId, secret }: Account): string {
  return fingerprint(`${new URL(baseUrl).origin}\n${accountId ?? secret}`);
}

/** Masked; undefined for a credential without an account, such as an API key. */
export function accountOf({ accountId, email }: Credential): string | undefined {
  return accountId === undefined ? undefined : accountLabel({ accountId, email });
}

/** Remembers whose account answered last in this process, to say when it is another one. */
export class AnsweringAccount {
  #last: { key: string; label: string } | undefined;

  /** A notice when the last answer of this process was another account's; also takes note. */
  changed(credential: Credential): string[] {
    const { accountId, secret } = credential;
    const present = {
      key: accountId ?? fingerprint(secret),
      label: credential.owner,
    };
    const last = this.#last;
    this.#last = present;
    if (last === undefined || last.key === present.key) return [];
    return [`another account answered than before: ${present.label} (before: ${last.label})`];
  }
}
