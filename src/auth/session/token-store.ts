import { chmod, lstat, rename } from "node:fs/promises";
import { dirname } from "node:path";
import type { StoredPreference } from "../../api/credential.ts";
import type { Clock } from "../../platform/clock.ts";
import { storageError } from "../../platform/files/errors.ts";
import { isHeld, type FileLock } from "../../platform/files/file-lock.ts";
import { isSameFile } from "../../platform/files/path-facts.ts";
import { makePrivateFolder, readSecureFile, rehearseWrite, writeSecureFile } from "../../platform/files/secure-file.ts";
import type { TemporaryFiles } from "../../platform/files/temporary-files.ts";
import type { Log } from "../../platform/log.ts";
import { CodexError } from "../../shared/errors.ts";
import { act, either, restart, setVariable, type NextSteps } from "../../shared/next-step.ts";
import type { TokenSet } from "../oauth/token-set.ts";
import {
  editableDocument,
  parseAuthFile,
  withChoice,
  withoutRecord,
  withRecord,
  type AuthFileContent,
  type Choice,
  type Document,
  type StoredState,
} from "./auth-file.ts";
import { staleLockAdvice } from "./refresh-errors.ts";

/** Room for tokens that are longer than the stored ones. */
const rehearsalBytes = 32 * 1024;

interface TokenStoreDeps {
  path: string;
  /** Login files of other programs, which this one must not be. */
  foreignLogins: readonly string[];
  /** Guards every read-modify-write of the file; held for milliseconds. */
  lock: FileLock;
  lockWaitMs: number;
  temporaries: TemporaryFiles;
  clock: Clock;
  log: Log;
}

/** Storage of the login: the auth file, or a program's own store (`ProgramStore`). */
export type LoginStore = Pick<TokenStore, keyof TokenStore>;

/**
 * This program's record in the auth file, which other programs share. Every change reads the file again under the lock,
 * keeps what others stored, and replaces the whole file.
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

  /** Next steps to remove the login if this program cannot. */
  get byHand(): NextSteps {
    const remove = 'Remove the key "codex" from that file; what it holds no longer works';
    return [either([act(`Make ${this.path} and its folder writable`), act("Sign out again")], act(remove))];
  }

  /** New path of a damaged file, until something is stored again; the request to sign in names it. */
  get setAside(): string | undefined {
    return this.#setAside;
  }

  /**
   * The stored login, or undefined if the user isn't signed in to ChatGPT. A damaged file is moved aside first.
   *
   * @throws CodexError `STORAGE` for a file that must not be used, or one of a newer version.
   */
  async read(): Promise<TokenSet | undefined> {
    const found = await this.#load();
    if (!found.damaged) return found.tokens;
    return this.#locked(async () => {
      const again = await this.#load();
      if (again.damaged) await this.#moveAside(again.document);
      return again.tokens;
    });
  }

  /** As `read`, but leaves a damaged file in place: for reports that change nothing. */
  async peek(): Promise<StoredState> {
    const { tokens, choice, damaged } = await this.#load();
    return { tokens, choice, damaged };
  }

  /**
   * Changes the record under the lock. `change` gets the stored login or choice, and whether a damaged file was moved
   * aside. It returns the next login or choice, `null` to remove the record, or undefined to leave the file alone.
   * Resolves with the login that was stored before.
   *
   * @throws CodexError `STORAGE`; the file is then unchanged.
   */
  async update(
    change: (
      stored: TokenSet | undefined,
      damaged: boolean,
      choice: StoredPreference | undefined,
    ) => TokenSet | Choice | null | undefined,
  ): Promise<TokenSet | undefined> {
    return this.#locked(async () => {
      const found = await this.#load();
      if (found.damaged) await this.#moveAside(found.document);
      const document = editableDocument(found);
      const next = change(found.tokens, found.damaged, found.choice);
      if (next === null) await this.#write(withoutRecord(document));
      else if (next !== undefined) {
        await this.#write("kind" in next ? withChoice(document, next) : withRecord(document, next));
        this.#setAside = undefined;
      }
      return found.tokens;
    });
  }

  /**
   * Checks that tokens could be saved, before one is used or the user approves: lock, permissions, space, and the
   * existing file.
   *
   * @throws CodexError `STORAGE`
   */
  async rehearse(lockWaitMs: number): Promise<void> {
    await this.#locked(async () => {
      await this.#load();
      const stats = await lstat(this.path).catch(() => undefined);
      await rehearseWrite(this.path, rehearsalBytes + (stats?.size ?? 0), this.#temporary());
    }, lockWaitMs);
  }

  /** Before each use: a link can be made at any time. @throws CodexError `CONFIG` */
  async #assertOwn(): Promise<void> {
    for (const login of this.#deps.foreignLogins) {
      if (!(await isSameFile(this.path, login))) continue;
      throw new CodexError("CONFIG", `The login file ${this.path} is the official client's.`, {
        why: "That file is never written here: two programs that share a refresh token end each other's login.",
        next: [setVariable("CODEX_AUTH_FILE", "another file"), restart],
      });
    }
  }

  async #load(): Promise<AuthFileContent> {
    await this.#assertOwn();
    return parseAuthFile(await readSecureFile(this.path), this.path);
  }

  /** Keeps the damaged file for inspection; what others stored beside the record stays in place. */
  async #moveAside(document: Document | undefined): Promise<void> {
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
    await this.#assertOwn();
    await makePrivateFolder(dirname(this.path));
    const lock = await this.#deps.lock.acquire(waitMs);
    if (!isHeld(lock)) {
      const holder = lock.holderPid === undefined ? "Another program" : `Process ${lock.holderPid}`;
      throw new CodexError("STORAGE", `${holder} holds the lock on ${this.path} for too long.`, {
        next: staleLockAdvice(lock.holderPid),
      });
    }
    try {
      await this.#sweep();
      return await work();
    } finally {
      await lock.release();
    }
  }

  #temporary(): string {
    return this.#deps.temporaries.beside(this.path);
  }

  /** Removes the temporary files of killed processes: they hold tokens. */
  async #sweep(): Promise<void> {
    if (this.#swept) return;
    this.#swept = true;
    await this.#deps.temporaries.sweep(this.path);
  }
}
