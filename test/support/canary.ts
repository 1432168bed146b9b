import { expect } from "vitest";

const pieceLength = 12;

/**
 * Fail when a secret shows up in an output: as it is, base64, URL-encoded, or any piece of twelve
 * characters of its random part.
 */
export function expectNoSecrets(output: string, secrets: readonly string[], where: string): void {
  for (const secret of secrets) {
    const forms = [
      secret,
      encodeURIComponent(secret),
      Buffer.from(secret).toString("base64").replace(/=+$/, ""),
      Buffer.from(secret).toString("base64url"),
    ];
    const found =
      forms.some((form) => output.includes(form)) ||
      pieces(secret).some((piece) => output.includes(piece));
    // The message must not print the output: it would be long, and hold the secret.
    expect(
      found,
      `a secret (${secret.slice(0, 6)}…, ${secret.length} characters) shows up in ${where}`,
    ).toBe(false);
  }
}

/** Pieces of a secret that cannot occur by chance. A token's header and canary prefix are no secret. */
function pieces(secret: string): string[] {
  const random = secret.startsWith("eyJ")
    ? secret.split(".").slice(2).join(".")
    : secret.replace(/^.*CANARY_[A-Z]+_\d+/, "");
  const found: string[] = [];
  for (let start = 0; start + pieceLength <= random.length; start += pieceLength) {
    found.push(random.slice(start, start + pieceLength));
  }
  return found;
}
