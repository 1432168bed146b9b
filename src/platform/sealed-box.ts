import { createCipheriv, createDecipheriv } from "node:crypto";
import type { Random } from "./random.ts";

/** The name of the algorithm in stored data: AES-256 in Galois/Counter Mode (NIST SP 800-38D). */
export const sealAlgorithm = "AES-256-GCM";
export const sealKeyBytes = 32;

const nonceBytes = 12;
const tagBytes = 16;

/**
 * Encrypts a text: base64 of nonce, ciphertext and tag.
 *
 * @param bound is authenticated, not stored
 */
export function seal(text: string, key: Buffer, bound: string, random: Random): string {
  const nonce = random.bytes(nonceBytes);
  const cipher = createCipheriv("aes-256-gcm", key, nonce, { authTagLength: tagBytes });
  cipher.setAAD(Buffer.from(bound, "utf8"));
  return Buffer.concat([nonce, cipher.update(text, "utf8"), cipher.final(), cipher.getAuthTag()]).toString("base64");
}

/** Decrypts what `seal` gave; undefined if the key, the bound text or a single bit is another one. */
export function unseal(sealed: string, key: Buffer, bound: string): string | undefined {
  const bytes = Buffer.from(sealed, "base64");
  if (key.length !== sealKeyBytes || bytes.length < nonceBytes + tagBytes) return undefined;
  const decipher = createDecipheriv("aes-256-gcm", key, bytes.subarray(0, nonceBytes), { authTagLength: tagBytes });
  decipher.setAAD(Buffer.from(bound, "utf8"));
  decipher.setAuthTag(bytes.subarray(-tagBytes));
  try {
    return Buffer.concat([decipher.update(bytes.subarray(nonceBytes, -tagBytes)), decipher.final()]).toString("utf8");
  } catch {
    return undefined;
  }
}
