import { createHash, randomBytes, randomUUID, timingSafeEqual } from "node:crypto";

/** Chance as an argument. */
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

export interface Pkce {
  codeVerifier: string;
  codeChallenge: string;
}

/** A verifier of 86 characters (64 random bytes) and its S256 challenge (RFC 7636 §4.1, §4.2). */
export function createPkce(random: Random): Pkce {
  const codeVerifier = random.bytes(64).toString("base64url");
  return { codeVerifier, codeChallenge: sha256(codeVerifier).toString("base64url") };
}

/** A `state` of 43 characters (RFC 6749 §10.12). */
export function createState(random: Random): string {
  return random.bytes(32).toString("base64url");
}

/** A short name for a secret, from which it cannot be found again. */
export function fingerprint(secret: string): string {
  return sha256(secret).toString("hex").slice(0, 32);
}

/** Equality in constant time; lengths may be told apart. */
export function equalSecrets(a: string, b: string): boolean {
  return timingSafeEqual(sha256(a), sha256(b));
}

function sha256(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
