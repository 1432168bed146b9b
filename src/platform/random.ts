import { createHash, randomBytes, randomUUID, timingSafeEqual } from "node:crypto";

/** Randomness as an argument. */
export interface Random {
  bytes(length: number): Buffer;
  /** A number in [0, 1). */
  fraction(): number;
  /** Version 4 (RFC 9562 §5.4). */
  uuid(): string;
}

export const systemRandom: Random = {
  bytes: (length) => randomBytes(length),
  fraction: () => randomBytes(4).readUInt32BE() / 2 ** 32,
  uuid: () => randomUUID(),
};

/** Creates a verifier of 86 characters (64 random bytes) and its S256 challenge (RFC 7636 §4.1, §4.2). */
export function createPkce(random: Random): { codeVerifier: string; codeChallenge: string } {
  const codeVerifier = random.bytes(64).toString("base64url");
  return { codeVerifier, codeChallenge: sha256(codeVerifier).toString("base64url") };
}

/** Creates a `state` of 43 characters (RFC 6749 §10.12). */
export function createState(random: Random): string {
  return random.bytes(32).toString("base64url");
}

/** A short, irreversible digest of a secret, in hex. */
export function fingerprint(secret: string): string {
  return sha256(secret).toString("hex").slice(0, 32);
}

/** Compares in constant time. */
export function equalSecrets(a: string, b: string): boolean {
  return timingSafeEqual(sha256(a), sha256(b));
}

function sha256(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
