import type { Credential } from "../core/credentials.ts";
import type { TokenSet } from "../core/tokens.ts";
import {
  acceptedBase,
  isRoutedPlan,
  keptRouting,
  mayBeRouted,
  overrideHeader,
  type WorkspaceRouting,
} from "../wire/accounts-check.ts";

/** The credential as the service's answer wants it; unchanged for an origin that is not accepted. */
export function routed(credential: Credential, routing: WorkspaceRouting): Credential {
  const baseUrl = acceptedBase(routing.origin, credential.baseUrl);
  if (baseUrl === undefined) return credential;
  return { ...credential, baseUrl, routingOverride: overrideHeader(routing) };
}

/** The credential with the answer that was kept with its login; undefined where there is none. */
export function withKeptRoute(credential: Credential, login: TokenSet): Credential | undefined {
  if (!isRoutedPlan(credential.plan) || !mayBeRouted(credential.baseUrl)) return undefined;
  const kept = keptRouting(login);
  if (kept === undefined || acceptedBase(kept.origin, credential.baseUrl) === undefined) {
    return undefined;
  }
  return routed(credential, kept);
}
