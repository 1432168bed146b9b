import type { Clock } from "../../platform/clock.ts";
import type { Keyring } from "../../platform/keyring.ts";
import { fingerprint, type Random } from "../../platform/random.ts";
import { seal, sealKeyBytes, unseal } from "../../platform/sealed-box.ts";
import { CodexError } from "../../shared/errors.ts";
import { act, either, signIn } from "../../shared/next-step.ts";
import type { Redactor } from "../../shared/redactor.ts";
import {
  splitLogin,
  withOpened,
  withoutKey,
  withSealed,
  type AuthFileContent,
  type Document,
  type SealedRecord,
} from "./auth-file.ts";

/** After a failure the keyring is not asked again at once: each call may wait for ten seconds. */
const failureKeptMs = 5_000;

/** How the login is stored: encrypted, as it is, or (undefined) as it is stored already. */
export type LoginEncryption = "keyring" | "off" | undefined;

interface LoginCipherDeps {
  wanted: LoginEncryption;
  /** Of the login file; a new key is named after it. */
  path: string;
  keyring: Keyring;
  random: Random;
  clock: Clock;
  redactor: Pick<Redactor, "addSecrets">;
}

/**
 * Encrypts the login at rest, with a key that only the system's keyring keeps. The rest of the auth file, and where the
 * login belongs to, stay readable; both are bound to the login.
 */
export class LoginCipher {
  readonly #deps: LoginCipherDeps;
  /** By name; `failedAt` is monotonic. */
  readonly #keys = new Map<string, { key: Promise<Buffer | undefined>; failedAt?: number }>();

  constructor(deps: LoginCipherDeps) {
    this.#deps = deps;
  }

  /**
   * The content with the login decrypted. A login whose key is lost counts as damaged.
   *
   * @throws CodexError `CONFIG` if the keyring cannot be asked: nothing is known then.
   */
  async open(content: AuthFileContent): Promise<AuthFileContent> {
    const { path } = this.#deps;
    const { sealed } = content;
    if (sealed === undefined) return content;
    const decrypt = async (): Promise<string | undefined> => {
      const key = await this.#key(sealed.key).catch((error: unknown) => {
        throw error instanceof CodexError ? withWayOut(error, path) : error;
      });
      return key && unseal(sealed.sealed, key, bound(sealed));
    };
    let text = await decrypt();
    // Another process may have made a new key since this one asked.
    if (text === undefined && this.#keys.delete(sealed.key)) text = await decrypt();
    if (text !== undefined) return withOpened(content, sealed, text);
    const unopened = this.#keys.has(sealed.key) ? "wrong-key" : "no-key";
    return { ...content, damaged: true, tokens: undefined, unopened };
  }

  /** Whether the login is not stored as it should be. */
  differs({ tokens, encrypted = false }: AuthFileContent): boolean {
    const { wanted } = this.#deps;
    return tokens !== undefined && wanted !== undefined && (wanted === "keyring") !== encrypted;
  }

  /**
   * Gets the key that the next write of a login needs, or makes it, so that the write itself needs no keyring.
   *
   * @throws CodexError `CONFIG`
   */
  async prepare({ sealed }: AuthFileContent): Promise<void> {
    const name = this.#keyName(sealed?.key);
    if (name !== undefined) await this.#keyOrNew(name);
  }

  /**
   * The document as it is to be stored. Call it under the file's lock: two processes must not make a key at once.
   *
   * @throws CodexError `CONFIG`
   */
  async seal(document: Document): Promise<Document> {
    const login = splitLogin(document);
    if (login === undefined) return document;
    const name = this.#keyName(login.key);
    if (name === undefined) return withoutKey(document);
    const head = { ...login.head, key: name };
    const key = await this.#keyOrNew(name);
    return withSealed(document, { ...head, sealed: seal(login.rest, key, bound(head), this.#deps.random) });
  }

  /** @param current the name of the key that the stored login is encrypted with */
  #keyName(current: unknown): string | undefined {
    const { wanted, path } = this.#deps;
    if (wanted === "off") return undefined;
    if (typeof current === "string") return current;
    return wanted === "keyring" ? `login ${fingerprint(path).slice(0, 16)}` : undefined;
  }

  async #keyOrNew(name: string): Promise<Buffer> {
    const { keyring, random } = this.#deps;
    const known = await this.#key(name);
    if (known?.length === sealKeyBytes) return known;
    const key = random.bytes(sealKeyBytes);
    this.#deps.redactor.addSecrets(key.toString("base64"));
    await keyring.set(name, key.toString("base64"));
    this.#keys.set(name, { key: Promise.resolve(key) });
    return key;
  }

  /** The key, asked for once at a time and then remembered; undefined if the keyring has none. */
  #key(name: string): Promise<Buffer | undefined> {
    const { keyring, clock, redactor } = this.#deps;
    const known = this.#keys.get(name);
    if (known !== undefined && clock.elapsed() - (known.failedAt ?? Infinity) < failureKeptMs) return known.key;
    const key = keyring.get(name).then((secret) => {
      if (secret === undefined) this.#keys.delete(name);
      else redactor.addSecrets(secret);
      return secret === undefined ? undefined : Buffer.from(secret, "base64");
    });
    const entry: { key: Promise<Buffer | undefined>; failedAt?: number } = { key };
    key.catch(() => {
      entry.failedAt = clock.elapsed();
    });
    this.#keys.set(name, entry);
    return key;
  }
}

/** The error with what to do where that keyring will never be had again. */
function withWayOut(error: CodexError, path: string): CodexError {
  return error.with({ next: [either(error.next, [act(`Remove the key "codex" from ${path}`), signIn])] });
}

/** The login stays in its place until a sign-in sets it aside: the keyring of another session may have the key. */
export function loginUnopened(path: string, unopened: "no-key" | "wrong-key"): CodexError {
  return new CodexError("AUTH_REQUIRED", `The login in ${path} cannot be decrypted.`, {
    why:
      unopened === "no-key"
        ? "The system's keyring has no key for it."
        : "The key in the system's keyring does not fit.",
    next: [signIn],
  });
}

/** What is authenticated with the encrypted part. */
function bound({ version, issuer, apiOrigin, key }: Omit<SealedRecord, "sealed">): string {
  return JSON.stringify(["codex-oauth", version, issuer, apiOrigin, key]);
}
