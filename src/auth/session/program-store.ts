import * as z from "zod";
import type { Clock } from "../../platform/clock.ts";
import { raceSignal } from "../../platform/promises.ts";
import type { Random } from "../../platform/random.ts";
import { CodexError } from "../../shared/errors.ts";
import { act, retry } from "../../shared/next-step.ts";
import type { Redactor } from "../../shared/redactor.ts";
import { oneLine } from "../../shared/text.ts";
import type { TokenSet } from "../oauth/token-set.ts";
import {
  editableDocument,
  parseAuthFile,
  withChoice,
  withRecord,
  type AuthFileContent,
  type Document,
  type StoredState,
} from "./auth-file.ts";
import type { LoginStore, PreparedSave } from "./token-store.ts";

/** The value that a program's store keeps for codex-oauth. */
export interface StoredCredentials {
  /** Identifies this content; never reused for another one. */
  version: string;
  /** Text with secrets: store it unchanged and private. */
  value: string;
}

/**
 * A program's own storage of the login: one row, key or file, which any number of processes share. Whatever it throws
 * becomes a `STORAGE` error; a call may take ten seconds.
 */
export interface CredentialStore {
  /** The stored value, also right after another process's `save`; undefined if there is none. */
  load(signal?: AbortSignal): Promise<StoredCredentials | undefined>;
  /**
   * Replaces the stored value in one step, but only if its version is `expected`; undefined: only if nothing is stored.
   * Otherwise changes nothing and resolves with false.
   *
   * @param next undefined: remove what is stored
   */
  save(next: StoredCredentials | undefined, expected: string | undefined): Promise<boolean>;
}

const callTimeoutMs = 10_000;

/** Each lost compare-and-swap means that another process made progress, so this allows for many processes. */
const maxSaves = 200;

const path = "the program's credential store";

const storedCredentials = z.object({ version: z.string().min(1), value: z.string() });

/** Key of the note beside the record: the claim on the login's refresh. */
export const claimNoteKey = "claim";

interface ProgramStoreDeps {
  store: CredentialStore;
  clock: Clock;
  random: Random;
  redactor: Pick<Redactor, "redactAll">;
}

/** The login in a program's own store; every change is a compare-and-swap of the whole value. */
export class ProgramStore implements LoginStore {
  readonly path = path;
  readonly byHand = [act("Make the program's credential store writable"), act("Sign out again")];
  /** A damaged value stays until a sign-in replaces it. */
  readonly setAside = undefined;
  readonly notices = [];
  readonly #deps: ProgramStoreDeps;

  constructor(deps: ProgramStoreDeps) {
    this.#deps = deps;
  }

  /** @throws CodexError `STORAGE` */
  async read(): Promise<TokenSet | undefined> {
    return (await this.load()).tokens;
  }

  /** @throws CodexError `STORAGE` */
  async peek(): Promise<StoredState> {
    const { tokens, choice, damaged } = await this.load();
    return { tokens, choice, damaged };
  }

  /** Checks only that the store answers: every write to it would be visible. @throws CodexError `STORAGE` */
  async rehearse(): Promise<void> {
    await this.load();
  }

  /** As `rehearse`: a program's store has no room to take. @throws CodexError `STORAGE` */
  async prepare(): Promise<PreparedSave> {
    await this.load();
    return { temporary: "", discard: () => Promise.resolve() };
  }

  /** @throws CodexError `STORAGE` */
  async update(change: Parameters<LoginStore["update"]>[0]): Promise<TokenSet | undefined> {
    const before = await this.compareAndSwap((found) => {
      const { tokens, damaged, choice } = found;
      const next = change(tokens, damaged, choice);
      if (next === undefined || next === null) return next;
      const document = editableDocument(found);
      if ("kind" in next) return withChoice(document, next);
      const same = tokens?.generation === next.generation && tokens.refreshToken === next.refreshToken;
      return withRecord(same ? document : withoutNote(document), next);
    });
    return before.tokens;
  }

  /**
   * Changes the value: `change` maps the stored content to the next one, `null` to remove it, or undefined to leave it
   * alone. It runs again after each change by another process. Resolves with the content before the change.
   *
   * @throws CodexError `STORAGE`; whether the value has changed can then be unknown.
   */
  async compareAndSwap(change: (found: AuthFileContent) => Document | null | undefined): Promise<AuthFileContent> {
    const { store, random } = this.#deps;
    for (let saves = 0; saves < maxSaves; saves++) {
      const found = await this.load();
      const next = change(found);
      if (next === undefined || (next === null && found.version === undefined)) return found;
      const version = random.uuid();
      const content = next === null ? undefined : { version, value: JSON.stringify(next) };
      try {
        const saved: unknown = await this.#call("save", () => store.save(content, found.version));
        if (typeof saved !== "boolean") throw failed("save", "It gave neither true nor false.");
        if (saved) return found;
      } catch (error) {
        // The answer may have been lost after the change was made.
        const now = await this.load().catch(() => undefined);
        if (content === undefined || now?.version !== version) throw error;
        return found;
      }
    }
    throw new CodexError("STORAGE", "The program's credential store changes all the time.", { next: [retry] });
  }

  /** The stored content. @throws CodexError `STORAGE`; or the signal's reason. */
  async load(signal?: AbortSignal): Promise<AuthFileContent & { version: string | undefined }> {
    const loaded: unknown = await this.#call("load", (ended) => this.#deps.store.load(ended), signal);
    const parsed = storedCredentials.nullish().safeParse(loaded);
    if (!parsed.success) throw failed("load", "It gave neither { version, value } with two texts nor undefined.");
    const { version, value } = parsed.data ?? {};
    try {
      return { ...parseAuthFile(value, path), version };
    } catch (error) {
      throw error instanceof CodexError ? error.with({ next: [act("Update codex-oauth")] }) : error;
    }
  }

  async #call<T>(
    name: keyof CredentialStore,
    run: (signal: AbortSignal) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    const timeout = new AbortController();
    const timer = this.#deps.clock.timer(callTimeoutMs, () => {
      timeout.abort(failed(name, "It did not answer within ten seconds."));
    });
    const ended = signal === undefined ? timeout.signal : AbortSignal.any([signal, timeout.signal]);
    try {
      // A store that throws before it returns a promise fails in the same way.
      return await raceSignal((async () => run(ended))(), ended);
    } catch (error) {
      ended.throwIfAborted();
      if (error instanceof CodexError) throw error;
      // No cause: a database's message about a failed statement can hold the value.
      throw failed(name, `It said: ${oneLine(this.#deps.redactor.redactAll(String(error)), 200)}`);
    } finally {
      timer.cancel();
    }
  }
}

/** Without the claim on another login's refresh. */
function withoutNote(document: Document): Document {
  const { [claimNoteKey]: _, ...rest } = document;
  return rest;
}

function failed(name: keyof CredentialStore, why: string): CodexError {
  return new CodexError("STORAGE", `The program's credential store failed in ${name}().`, {
    why,
    next: [act("Look at the store"), retry],
  });
}
