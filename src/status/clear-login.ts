import type { Services } from "./services.ts";
import type { SignedOut } from "../auth/session/sign-out.ts";

/**
 * Stop a login that waits, and sign out.
 *
 * @param wantsLocal send nothing to the server
 * @throws CodexError `STORAGE` when the login could not be removed.
 */
export async function clearLogin(
  { tokens, login, config }: Pick<Services, "tokens" | "login" | "config">,
  wantsLocal: boolean,
  signal: AbortSignal,
): Promise<SignedOut & { stoppedLogin: boolean }> {
  const stoppedLogin = await login.cancel("The login was cleared.");
  // Where the server cannot be told from somebody else's, nothing is sent.
  const unsafe = config.problems.find(({ area }) => area === "origins");
  const done = await tokens.signOut({ localOnly: wantsLocal || unsafe !== undefined, signal });
  const why = !wantsLocal && unsafe ? `${unsafe.setting} cannot be used` : done.why;
  return { ...done, why, stoppedLogin };
}
