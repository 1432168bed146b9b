import { equalSecrets } from "../../platform/random.ts";

/** What the browser brought back (RFC 6749 §4.1.2, §4.1.2.1). */
export type AuthorizationResponse =
  { kind: "code"; code: string } | { kind: "error"; error: string; description: string };

/** Why a query is not the response that is waited for, each as a sentence for a person. */
export const callbackErrors = {
  state: "State mismatch: this link does not belong to the sign-in that is waiting here.",
  issuer: "Issuer mismatch: this answer comes from another authorization server.",
  code: "The authorization code is missing, or is there twice.",
} as const;

export type Misfit = (typeof callbackErrors)[keyof typeof callbackErrors];

/** What a response must agree with. */
export interface ExpectedResponse {
  /** The value that must come back; undefined for a bare code, which PKCE alone binds. */
  state: string | undefined;
  /** Compared with an `iss` parameter, if one comes (RFC 9207 §2.4). */
  issuer: string;
}

/**
 * The authorization response in a query, whether the browser brought it or a person pasted it; or,
 * as a sentence, why it is none. The state counts first, so that nothing else tells a stranger more.
 */
export function readAuthorizationResponse(
  query: URLSearchParams,
  expected: ExpectedResponse,
): AuthorizationResponse | Misfit {
  const single = (name: string): string | undefined => {
    const values = query.getAll(name);
    return values.length === 1 ? values[0] : undefined;
  };
  if (expected.state !== undefined) {
    const state = single("state");
    if (state === undefined || !equalSecrets(state, expected.state)) {
      return callbackErrors.state;
    }
  }
  // RFC 9207 compares to the letter; nobody has yet seen whether this server ends it with a slash.
  if (query.has("iss") && single("iss")?.replace(/\/$/, "") !== expected.issuer) {
    return callbackErrors.issuer;
  }
  const error = single("error");
  if (error !== undefined && error !== "") {
    return { kind: "error", error, description: single("error_description") ?? "" };
  }
  const code = single("code");
  return code === undefined || code === "" ? callbackErrors.code : { kind: "code", code };
}
