import type { CredentialKind } from "../api/credential.ts";
import { accountLabel, type TokenSet } from "../auth/oauth/token-set.ts";
import { kindText } from "./credential-kind.ts";

/** What a sign-out has done, as it is told. */
export interface Cleared {
  removed: TokenSet | undefined;
  forgotten: CredentialKind | undefined;
  revoked: "revoked" | "failed" | "skipped";
  why: string | undefined;
  stoppedLogin: boolean;
}

export function renderCleared(cleared: Cleared): string {
  const { removed, forgotten, stoppedLogin } = cleared;
  const stopped = stoppedLogin ? " A login that was waiting has been stopped." : "";
  if (removed !== undefined) {
    return (
      `Signed out: the login of ${accountLabel(removed)} was removed from this machine ` +
      `${revocation(cleared)}${stopped} Other programs on this machine keep their own logins.`
    );
  }
  if (forgotten !== undefined) {
    return `Forgotten: the choice to use ${kindText[forgotten].use} here. Nothing else was changed.${stopped}`;
  }
  return `Nothing to clear: nobody is signed in here.${stopped}`;
}

function revocation({ revoked, why }: Cleared): string {
  switch (revoked) {
    case "revoked":
      return "and revoked at the server.";
    case "skipped":
      return `and not revoked at the server (${why ?? "not asked for"}).`;
    case "failed":
      return (
        `but could not be revoked at the server (${why ?? "unknown reason"}): it is removed here; ` +
        "end sessions in ChatGPT's settings if in doubt."
      );
  }
}
