import { equalSecrets } from "../../platform/random.ts";

/** The authorization response (RFC 6749 §4.1.2, §4.1.2.1). */
export type AuthorizationResponse =
  { kind: "code"; code: string } | { kind: "error"; error: string; description: string };

/** The part of a query that keeps it from being this sign-in's response: it is wrong, missing or there twice. */
export type InvalidPart = "state" | "issuer" | "code";

/**
 * Reads the authorization response from a callback's or a pasted query; a string names the invalid part. The state is
 * checked first, so other errors reveal nothing to a request without it.
 *
 * @param expected `states` is undefined for a bare code, which only PKCE binds; `issuer` is compared with an `iss`
 *   parameter, if there is one (RFC 9207 §2.4)
 */
export function readAuthorizationResponse(
  query: URLSearchParams,
  expected: { states: readonly string[] | undefined; issuer: string },
): AuthorizationResponse | InvalidPart {
  const single = (name: string): string | undefined => {
    const values = query.getAll(name);
    return values.length === 1 ? values[0] : undefined;
  };
  if (expected.states !== undefined) {
    const state = single("state");
    if (state === undefined || !expected.states.some((one) => equalSecrets(state, one))) return "state";
  }
  // RFC 9207 compares the exact string, but it is unknown whether this server's value ends in a slash.
  if (query.has("iss") && single("iss")?.replace(/\/$/, "") !== expected.issuer) return "issuer";
  const error = single("error");
  if (error !== undefined && error !== "") {
    return { kind: "error", error, description: single("error_description") ?? "" };
  }
  const code = single("code");
  return code === undefined || code === "" ? "code" : { kind: "code", code };
}
