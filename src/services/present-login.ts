import { assertIssuedFor, type Origins, type TokenSet } from "../core/tokens.ts";
import { signedOutMeanwhile } from "./refresh-errors.ts";
import type { TokenStore } from "./token-store.ts";
import type { UnsavedLogin } from "./unsaved-login.ts";

export interface PresentLoginDeps {
  origins: Origins;
  store: Pick<TokenStore, "read">;
  unsaved: UnsavedLogin;
}

/**
 * The login as it is now, during a refresh: a sign-in or a sign-out needs no refresh lock.
 *
 * @throws CodexError `AUTH_REQUIRED` when it was removed, or belongs to other origins; `STORAGE`.
 */
export async function presentLogin({
  origins,
  store,
  unsaved,
}: PresentLoginDeps): Promise<TokenSet> {
  const stored = await store.read();
  if (stored === undefined) throw signedOutMeanwhile();
  assertIssuedFor(stored, origins);
  return unsaved.newest(stored);
}
