import { chmod, lstat, rename } from "node:fs/promises";
import { dirname } from "node:path";
import type { StoredPreference } from "../../api/credential.ts";
import { CodexError } from "../../shared/errors.ts";
import { act, either, type NextSteps } from "../../shared/next-step.ts";
import type { TokenSet } from "../oauth/token-set.ts";
import type { Clock } from "../../platform/clock.ts";
import type { Log } from "../../platform/log.ts";
import { isHeld, type FileLock } from "../../platform/files/file-lock.ts";
import { storageError } from "../../platform/files/errors.ts";
import { makePrivateFolder, readSecureFile, rehearseWrite, writeSecureFile } from "../../platform/files/secure-file.ts";
import type { TemporaryFiles } from "../../platform/files/temporary-files.ts";
import { withChoice, withoutRecord, withRecord } from "./auth-file.ts";
import { staleLockAdvice } from "./refresh-errors.ts";
import { judgeFile, type Document, type StoredState } from "./read-auth-file.ts";

/** Room for tokens that are longer than the present ones. */
const rehearsalBytes = 32 * 1024;

export interface TokenStoreDeps {
  path: string;
  /** Guards every read-modify-write of the file; held for milliseconds. */
  lock: FileLock;
  lockWaitMs: number;
  temporaries: TemporaryFiles;
  clock: Clock;
  log: Log;
}

/** Where a login is kept: the login file, or a program's own store (`ProgramStore`). */
export type LoginStore = Pick<TokenStore, keyof TokenStore>;

/**
 * Our record in the login file, which we share with others: every change reads the file anew under
 * the lock, keeps what is not ours, and replaces the file as a whole.
 */
export class TokenStore {
  readonly #deps: TokenStoreDeps;
  #swept = false;
  #setAside: string | undefined;

  constructor(deps: TokenStoreDeps) {
    this.#deps = deps;
  }

  get path(): string {
    return this.#deps.path;
  }

  /** How a person removes the login if this program cannot. */
  get byHand(): NextSteps {
    const remove = 'Remove the key "codex" from that file; what it holds no longer works';
    return [either([act(`Make ${this.path} and its folder writable`), act("Sign out again")], act(remove))];
  }

  /** Where a damaged file was put, until something is stored again: for the message that asks to sign in. */
  get setAside(): string | undefined {
    return this.#setAside;
  }

  /**
   * The stored login, or undefined when nobody is signed in to ChatGPT here. A damaged file is moved aside first.
   *
   * @throws CodexError `STORAGE` for a file that must not be used, or one of a newer version.
   */
  async read(): Promise<TokenSet | undefined> {
    const found = judgeFile(await readSecureFile(this.path), this.path);
    if (found.kind !== "damaged") return found.tokens;
    return this.#locked(async () => {
      const again = judgeFile(await readSecureFile(this.path), this.path);
      if (again.kind !== "damaged") return again.tokens;
      await this.#putAside(again.document);
      return undefined;
    });
  }

  /** As `read`, but leaves a damaged file where it is: for reports that change nothing. */
  async peek(): Promise<StoredState & { damaged: boolean }> {
    const { kind, tokens, choice } = judgeFile(await readSecureFile(this.path), this.path);
    return { tokens, choice, damaged: kind === "damaged" };
  }

  /**
   * Change the record under the lock: `change` sees the stored login (and whether a damaged file had
   * to be set aside, and a stored choice) and gives the next login or choice, `null` to remove what
   * there is, or undefined to leave the file alone. Resolves with the login that was there before.
   *
   * @throws CodexError `STORAGE`; the file is then unchanged.
   */
  async update(
    change: (
      stored: TokenSet | undefined,
      damaged: boolean,
      choice: StoredPreference | undefined,
    ) => TokenSet | StoredPreference | null | undefined,
  ): Promise<TokenSet | undefined> {
    return this.#locked(async () => {
      const found = judgeFile(await readSecureFile(this.path), this.path);
      if (found.kind === "damaged") await this.#putAside(found.document);
      const document = found.kind === "damaged" ? withoutRecord(found.document ?? {}) : found.document;
      const next = change(found.tokens, found.kind === "damaged", found.choice);
      if (next === null) await this.#write(withoutRecord(document));
      else if (next !== undefined) {
        await this.#write(
          "mode" in next ? withChoice(document, next.mode, next.generation) : withRecord(document, next),
        );
        this.#setAside = undefined;
      }
      return found.tokens;
    });
  }

  /**
   * Find out, before a token is spent or a person has approved, whether tokens could be saved: lock,
   * rights, room, and the file that is there.
   *
   * @throws CodexError `STORAGE`
   */
  async rehearse(lockWaitMs: number): Promise<void> {
    await this.#locked(async () => {
      judgeFile(await readSecureFile(this.path), this.path);
      const present = await lstat(this.path).catch(() => undefined);
      const bytes = rehearsalBytes + (present?.size ?? 0);
      await rehearseWrite(this.path, bytes, this.#temporary());
    }, lockWaitMs);
  }

  /** Keep the damaged file for inspection; what others stored beside our record stays in place. */
  async #putAside(document: Document | undefined): Promise<void> {
    const { clock, log } = this.#deps;
    const aside = `${this.path}.damaged-${new Date(clock.now()).toISOString().replace(/[:.]/g, "-")}`;
    if (document === undefined) {
      try {
        await rename(this.path, aside);
        await chmod(aside, 0o600);
      } catch (error) {
        throw storageError(error, this.path, "set the damaged login file aside");
      }
    } else {
      const text = await readSecureFile(this.path);
      await writeSecureFile(aside, text ?? "", this.#temporary(), clock);
      await this.#write(withoutRecord(document));
    }
    this.#setAside = aside;
    log("TOKEN", `the login file was damaged and is now ${aside}`);
  }

  async #write(document: Document): Promise<void> {
    await writeSecureFile(this.path, `${JSON.stringify(document, null, 2)}\n`, this.#temporary(), this.#deps.clock);
  }

  async #locked<T>(work: () => Promise<T>, waitMs = this.#deps.lockWaitMs): Promise<T> {
    await makePrivateFolder(dirname(this.path));
    const held = await this.#deps.lock.acquire(waitMs);
    if (!isHeld(held)) {
      const holder = held.holderPid === undefined ? "Another program" : `Process ${held.holderPid}`;
      throw new CodexError("STORAGE", `${holder} holds the lock on ${this.path} for too long.`, {
        next: staleLockAdvice(held.holderPid),
      });
    }
    try {
      await this.#sweep();
      return await work();
    } finally {
      await held.release();
    }
  }

  #temporary(): string {
    return this.#deps.temporaries.beside(this.path);
  }

  /** Remove what killed processes left: temporary files hold tokens. */
  async #sweep(): Promise<void> {
    if (this.#swept) return;
    this.#swept = true;
    await this.#deps.temporaries.sweep(this.path);
  }
}
