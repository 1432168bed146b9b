import { CodexError } from "../core/errors.ts";
import type { HttpRequest } from "./http.ts";
import { isLoopback } from "../core/hosts.ts";

/**
 * What must not leave, whatever the settings' own checks said.
 *
 * @throws CodexError `CONFIG`
 */
export function assertSendable(
  { url, headers = {} }: Pick<HttpRequest, "url" | "headers">,
  tlsUnverified: boolean,
): void {
  const { origin, hostname } = new URL(url);
  if (tlsUnverified && !isLoopback(hostname)) {
    throw new CodexError(
      "CONFIG",
      `Nothing is sent to ${origin} while certificates are not checked.`,
      {
        why: "NODE_TLS_REJECT_UNAUTHORIZED=0 would let anybody in between read the login.",
        next: "Unset NODE_TLS_REJECT_UNAUTHORIZED, name a company's own authority in NODE_EXTRA_CA_CERTS, then restart.",
        unsent: true,
      },
    );
  }
  for (const [name, value] of Object.entries(headers)) {
    // The library refuses most of these as well; but a value must not end in its message.
    if (/^[\t\x20-\x7e\x80-\xff]*$/.test(value)) continue;
    throw new CodexError(
      "CONFIG",
      `The header ${name} cannot be sent: its value has characters that no header may have.`,
      {
        next: "Correct the setting or the key that it comes from (a line end at its end, perhaps), then restart.",
        unsent: true,
      },
    );
  }
}
