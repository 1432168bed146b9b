/**
 * A token in the form of a JWT.
 *
 * Nobody checks the signature (clients cannot, docs/wire.md), so its place holds the canary in plain
 * text: a leak search then finds the token without decoding anything.
 */
export function unsignedJwt(claims: Record<string, unknown>, canary: string): string {
  const header = { alg: "RS256", typ: "JWT", kid: "simulator" };
  return `${encodePart(header)}.${encodePart(claims)}.${canary}`;
}

function encodePart(value: unknown): string {
  return Buffer.from(JSON.stringify(value), "utf8").toString("base64url");
}
