import { chmod, rename, unlink } from "node:fs/promises";
import { dirname } from "node:path";
import type { StoredPreference } from "../../api/credential.ts";
import { sleep, type Clock } from "../../platform/clock.ts";
import { storageError } from "../../platform/files/errors.ts";
import type { FileLock } from "../../platform/files/file-lock.ts";
import { removeOldLocks } from "../../platform/files/old-locks.ts";
import { isSameFile } from "../../platform/files/path-facts.ts";
import {
  closeToOthers,
  interruptedCopy,
  isMountPoint,
  makePrivateFolder,
  prepareFile,
  readSecureFile,
  writeSecureFile,
} from "../../platform/files/secure-file.ts";
import type { TemporaryFiles } from "../../platform/files/temporary-files.ts";
import type { Log } from "../../platform/log.ts";
import { CodexError } from "../../shared/errors.ts";
import { act, either, restart, retry, setVariable, type NextSteps } from "../../shared/next-step.ts";
import type { TokenSet } from "../oauth/token-set.ts";
import {
  parseAuthFile,
  withChoice,
  withKeyOf,
  withoutRecord,
  withRecord,
  type AuthFileContent,
  type Choice,
  type Document,
  type StoredState,
} from "./auth-file.ts";
import { loginUnopened, type LoginCipher } from "./login-cipher.ts";

/** Room for tokens that are longer than the stored ones. */
const rehearsalBytes = 32 * 1024;

type FileContent = AuthFileContent & { version: string | undefined; openTo: number };

/** Pauses before a damaged file is read again: a program that writes it in place may be at work. */
const settleMs = [20, 80, 200, 400];

/** Each lost compare-and-swap means that another program has written the file. */
const maxWrites = 50;

interface TokenStoreDeps {
  path: string;
  /** Login files of other programs, which this one must not be. */
  foreignLogins: readonly string[];
  /** Excludes other writers of the file; held for milliseconds. */
  lock: FileLock;
  lockWaitMs: number;
  temporaries: TemporaryFiles;
  cipher: LoginCipher;
  clock: Clock;
  log: Log;
}

/** Storage of the login: the auth file, or a program's own store (`ProgramStore`). */
export type LoginStore = Pick<TokenStore, keyof TokenStore>;

/** Room that was taken for a later save. */
export interface PreparedSave {
  /** The path of the file that takes the room. */
  temporary: string;
  /** Gives up the room; never fails. */
  discard(): Promise<void>;
}

/**
 * This program's record in the auth file, which other programs share. Every change reads the file again under the lock,
 * keeps what others stored, and replaces the whole file if no other program has written it meanwhile.
 */
export class TokenStore {
  readonly #deps: TokenStoreDeps;
  #swept = false;
  #setAside: string | undefined;
  readonly #notices: string[] = [];

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

  /** What the user should know of the file, a sentence each. */
  get notices(): readonly string[] {
    return this.#notices;
  }

  /**
   * The stored login, or undefined if the user isn't signed in to ChatGPT. A damaged file is moved aside, once it has
   * stayed damaged for a while and under the lock. A login that is not stored as it should be is encrypted or decrypted.
   *
   * @throws CodexError `STORAGE` for a file that must not be used, or one of a newer version; `CONFIG` if the keyring
   *   cannot be asked, `AUTH_REQUIRED` if it has lost the key.
   */
  async read(): Promise<TokenSet | undefined> {
    const { cipher } = this.#deps;
    const found = await this.#load();
    await this.#closeToOthers(found);
    if (!found.damaged && !cipher.differs(found)) return found.tokens;
    return this.#locked(async () => {
      const again = await this.#load();
      if (again.unopened !== undefined) throw loginUnopened(this.path, again.unopened);
      if (again.damaged) await this.#moveAside(again);
      else if (cipher.differs(again)) await this.#write(again.document, again.version);
      return again.tokens;
    });
  }

  /** As `read`, but leaves a damaged file in place: for reports that change nothing. */
  async peek(): Promise<StoredState> {
    const { tokens, choice, damaged, encrypted } = await this.#load();
    return { tokens, choice, damaged, encrypted };
  }

  /**
   * Changes the record under the lock. `change` gets the stored login or choice, and whether a damaged file is moved
   * aside. It returns the next login or choice, `null` to remove the record, or undefined to leave the file alone. It
   * runs again if another program has written the file meanwhile. Resolves with the login that was stored before.
   *
   * @throws CodexError `STORAGE`; the file is then unchanged.
   */
  async update(
    change: (
      stored: TokenSet | undefined,
      damaged: boolean,
      choice: StoredPreference | undefined,
    ) => TokenSet | Choice | null | undefined,
    prepared?: PreparedSave,
  ): Promise<TokenSet | undefined> {
    return this.#locked(async () => {
      let aside: FileContent | undefined;
      for (let writes = 0; writes < maxWrites; writes++) {
        const found = await this.#load();
        if (found.damaged) {
          if (await this.#moveAside(found)) aside = found;
          continue;
        }
        const { tokens, choice, version } = found;
        // What another program has stored since then counts.
        const followed = tokens === undefined && choice === undefined ? aside : undefined;
        const next = change(tokens, followed !== undefined, choice);
        if (next === undefined) return tokens;
        const document = followed?.sealed ? withKeyOf(found.document, followed.sealed) : found.document;
        if (!(await this.#write(nextDocument(document, next), version, prepared?.temporary))) continue;
        if (next !== null) this.#setAside = undefined;
        return tokens;
      }
      throw new CodexError("STORAGE", `Other programs change ${this.path} all the time.`, { next: [retry] });
    });
  }

  /**
   * Checks that tokens could be saved, before the user approves: lock, permissions, space, and the existing file.
   *
   * @throws CodexError `STORAGE`
   */
  async rehearse(): Promise<void> {
    await (await this.prepare()).discard();
  }

  /** As `rehearse`, and keeps the space for the save of a refresh. @throws CodexError `STORAGE` */
  async prepare(): Promise<PreparedSave> {
    return this.#locked(async () => {
      await this.#deps.cipher.prepare(await this.#load());
      const size = (await readSecureFile(this.path))?.text.length ?? 0;
      const temporary = this.#temporary();
      await prepareFile(this.path, rehearsalBytes + 2 * size, temporary);
      return { temporary, discard: () => unlink(temporary).catch(() => undefined) };
    });
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

  /** The content; a damaged one is read several times within a second. */
  async #load(): Promise<FileContent> {
    await this.#assertOwn();
    for (let reading = 0; ; reading++) {
      const file = await readSecureFile(this.path);
      const content = parseAuthFile(file?.text, this.path, true);
      const pauseMs = settleMs[reading];
      if (!content.damaged || pauseMs === undefined) {
        const whole = content.damaged ? ((await this.#fromCopy()) ?? content) : content;
        return { ...(await this.#deps.cipher.open(whole)), version: file?.version, openTo: file?.openTo ?? 0 };
      }
      await sleep(this.#deps.clock, pauseMs);
    }
  }

  /** Closes a file that was restored or copied with other rights: the next save may be hours away. */
  async #closeToOthers({ openTo }: FileContent): Promise<void> {
    if (openTo === 0 || this.#notices.length > 0) return;
    const mode = `0${(0o600 | openTo).toString(8)}`;
    try {
      await closeToOthers(this.path);
      this.#notices.push(`Other users could read or change ${this.path} (mode ${mode}); it is closed to them now.`);
    } catch (error) {
      this.#notices.push(
        `Other users can read or change ${this.path} (mode ${mode}), and it could not be closed to them.`,
      );
      this.#deps.log("TOKEN", `the rights of the login file could not be changed: ${String(error)}`);
    }
  }

  /** The content of the copy, if a mounted file was being overwritten when its writer died. */
  async #fromCopy(): Promise<AuthFileContent | undefined> {
    const copy = await interruptedCopy(this.path);
    const content = copy && parseAuthFile(copy.text, this.path, true);
    return content?.damaged === true ? undefined : content;
  }

  /** Keeps the damaged file for inspection; what others stored beside the record stays. False if it has changed. */
  async #moveAside({ document, version }: FileContent): Promise<boolean> {
    const { clock, log } = this.#deps;
    const aside = `${this.path}.damaged-${new Date(clock.now()).toISOString().replace(/[:.]/g, "-")}`;
    const file = await readSecureFile(this.path);
    if (file?.version !== version) return false;
    if (document === undefined && !(await isMountPoint(this.path))) {
      try {
        await rename(this.path, aside);
        await chmod(aside, 0o600);
      } catch (error) {
        throw storageError(error, this.path, "set the damaged login file aside");
      }
    } else {
      await writeSecureFile(aside, file?.text ?? "", this.#temporary(), clock, undefined);
      if (!(await this.#write(withoutRecord(document ?? {}), version))) return false;
    }
    this.#setAside = aside;
    log("TOKEN", `the login file was damaged and is now ${aside}`);
    return true;
  }

  /** @param expected as in `writeSecureFile` */
  async #write(document: Document, expected: string | undefined, temporary = this.#temporary()): Promise<boolean> {
    const { cipher, clock } = this.#deps;
    const text = JSON.stringify(await cipher.seal(document), null, 2);
    return writeSecureFile(this.path, `${text}\n`, temporary, clock, expected);
  }

  async #locked<T>(work: () => Promise<T>): Promise<T> {
    await this.#assertOwn();
    await makePrivateFolder(dirname(this.path));
    await this.#sweep();
    const release = await this.#deps.lock.acquire(this.#deps.lockWaitMs);
    if (release === undefined) {
      throw new CodexError("STORAGE", `Another program holds the lock on ${this.path} for too long.`, {
        next: [retry, act("End the program that holds it")],
      });
    }
    try {
      return await work();
    } finally {
      await release();
    }
  }

  #temporary(): string {
    return this.#deps.temporaries.beside(this.path);
  }

  /** Removes the temporary files of killed processes, which hold tokens. */
  async #sweep(): Promise<void> {
    if (this.#swept) return;
    this.#swept = true;
    await removeOldLocks(this.path);
    await this.#deps.temporaries.sweep(this.path);
  }
}

function nextDocument(document: Document, next: TokenSet | Choice | null): Document {
  if (next === null) return withoutRecord(document);
  return "kind" in next ? withChoice(document, next) : withRecord(document, next);
}
