import { accountLabel } from "../auth/oauth/token-set.ts";
import type { SignedOut } from "../auth/session/sign-out.ts";
import { kindText } from "./credential-kind.ts";

/** The result of a sign-out. */
export function renderSignOut(done: SignedOut & { stoppedLogin: boolean }): string {
  const { removed, forgotten, stoppedLogin } = done;
  const stopped = stoppedLogin ? " A login that was waiting has been stopped." : "";
  if (removed !== undefined) {
    const choice = forgotten === undefined ? "" : ` The choice to use ${kindText[forgotten].use} is forgotten, too.`;
    return (
      `Signed out: the login of ${accountLabel(removed)} was removed from this machine ` +
      `${revocationText(done)}${choice}${stopped} Other programs on this machine keep their own logins.`
    );
  }
  if (forgotten !== undefined) {
    return `Forgotten: the choice to use ${kindText[forgotten].use} here. Nothing else was changed.${stopped}`;
  }
  return `Nothing to clear: nobody is signed in here.${stopped}`;
}

function revocationText({ revoked, why }: SignedOut): string {
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
