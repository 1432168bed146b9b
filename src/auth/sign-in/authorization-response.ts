import { equalSecrets } from "../../platform/random.ts";
import { CodexError } from "../../shared/errors.ts";
import { act, either } from "../../shared/next-step.ts";
import { oneLine } from "../../shared/text.ts";

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

/** The response's code. @throws CodexError `AUTH_DENIED` if it is an error */
export function authorizationCode(response: AuthorizationResponse): string {
  if (response.kind === "code") return response.code;
  const { error, description } = response;
  const message = "The sign-in was refused in the browser.";
  if (description.includes("missing_codex_entitlement")) {
    throw new CodexError("AUTH_DENIED", message, {
      why: "Codex is switched off in this workspace.",
      next: [either(act("Ask the workspace's administrator to allow Codex"), act("Use another account"))],
    });
  }
  const name = error.replace(/[^\w.-]/g, "").slice(0, 60);
  const text = oneLine(description.replace(/\p{Cf}+/gu, ""), 200).replace(/\.+$/, "");
  const why = `The authorization server says "${name}"${text === "" ? "" : `: ${text}`}.`;
  throw new CodexError("AUTH_DENIED", message, { why });
}
