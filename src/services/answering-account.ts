import type { Credential } from "../core/credentials.ts";
import { credentialLabel } from "../core/credential-label.ts";
import { fingerprint } from "../infra/random.ts";

/** Remembers whose account answered last in this process, to say when it is another one. */
export class AnsweringAccount {
  #last: { key: string; label: string } | undefined;

  /** A notice when the last answer of this process was another account's; also takes note. */
  changed(credential: Credential): string[] {
    const { accountId, secret } = credential;
    const present = {
      key: accountId ?? fingerprint(secret),
      label: credentialLabel(credential),
    };
    const last = this.#last;
    this.#last = present;
    if (last === undefined || last.key === present.key) return [];
    return [`another account answered than before: ${present.label} (before: ${last.label})`];
  }
}
