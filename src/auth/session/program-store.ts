import * as z from "zod";
import type { Clock } from "../../platform/clock.ts";
import { raceSignal } from "../../platform/promises.ts";
import type { Random } from "../../platform/random.ts";
import { CodexError } from "../../shared/errors.ts";
import { act, retry } from "../../shared/next-step.ts";
import type { Redactor } from "../../shared/redactor.ts";
import { oneLine } from "../../shared/text.ts";
import type { TokenSet } from "../oauth/token-set.ts";
import { withChoice, withoutRecord, withRecord } from "./auth-file.ts";
import { judgeFile, type Document, type Judged, type StoredState } from "./read-auth-file.ts";
import type { LoginStore } from "./token-store.ts";

/** What a program's store keeps for codex-oauth. */
export interface StoredCredentials {
  /** Names this content, and no other one ever. */
  version: string;
  /** Text with secrets: keep it as it is, where nobody else can read it. */
  value: string;
}

/**
 * Where a program keeps the login itself: one row, key or file, which any number of processes share.
 * Whatever it throws becomes a `STORAGE` error; a call may take ten seconds.
 */
export interface CredentialStore {
  /** What is stored now, also right after another process's `save`; undefined when nothing is. */
  load(signal?: AbortSignal): Promise<StoredCredentials | undefined>;
  /**
   * Replace what is stored in one step, but only if its version is `expected`; undefined: only if
   * nothing is stored. Resolves with false, and changes nothing, if that isn't so.
   *
   * @param next undefined: remove what is stored
   */
  save(next: StoredCredentials | undefined, expected: string | undefined): Promise<boolean>;
}

const callTimeoutMs = 10_000;

/** Each lost comparison means that another process got on, so this is many processes. */
const maxSaves = 200;

const path = "the program's credential store";

const storedCredentials = z.object({ version: z.string().min(1), value: z.string() });

/** Notes about the refresh under way beside the record; they are of one refresh token. */
export const notes = { claim: "claim", ledger: "refresh" } as const;

export interface ProgramStoreDeps {
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
  readonly #deps: ProgramStoreDeps;

  constructor(deps: ProgramStoreDeps) {
    this.#deps = deps;
  }

  /** @throws CodexError `STORAGE` */
  async read(): Promise<TokenSet | undefined> {
    return (await this.look()).tokens;
  }

  /** @throws CodexError `STORAGE` */
  async peek(): Promise<StoredState & { damaged: boolean }> {
    const { kind, tokens, choice } = await this.look();
    return { tokens, choice, damaged: kind === "damaged" };
  }

  /** Only that the store answers: nothing can be written there without being seen. */
  async rehearse(): Promise<void> {
    await this.look();
  }

  /** @throws CodexError `STORAGE` */
  async update(change: Parameters<LoginStore["update"]>[0]): Promise<TokenSet | undefined> {
    return (
      await this.change((found) => {
        const next = change(found.tokens, found.kind === "damaged", found.choice);
        if (next === undefined || next === null) return next;
        const document = found.kind === "damaged" ? withoutRecord(found.document ?? {}) : found.document;
        if ("mode" in next) return bare(withChoice(document, next.mode, next.generation));
        const { tokens } = found;
        const same = tokens?.generation === next.generation && tokens.refreshToken === next.refreshToken;
        return withRecord(same ? document : bare(document), next);
      })
    ).tokens;
  }

  /**
   * Change the value: `change` sees what is stored, again after each change of another process, and
   * gives the next content, `null` to remove it, or undefined to leave it alone. Resolves with what
   * was there before.
   *
   * @throws CodexError `STORAGE`; whether the value has changed can then be unknown.
   */
  async change(change: (found: Judged) => Document | null | undefined): Promise<Judged> {
    const { store, random } = this.#deps;
    for (let saves = 0; saves < maxSaves; saves++) {
      const found = await this.look();
      const next = change(found);
      if (next === undefined || (next === null && found.version === undefined)) return found;
      const version = random.uuid();
      const content = next && { version, value: JSON.stringify(next) };
      try {
        const saved: unknown = await this.#call("save", () => store.save(content ?? undefined, found.version));
        if (typeof saved !== "boolean") throw unknownForm("save");
        if (saved) return found;
      } catch (error) {
        // The answer may have been lost after the change was made.
        const now = await this.look().catch(() => undefined);
        if (now === undefined || content === null || now.version !== version) throw error;
        return found;
      }
    }
    throw new CodexError("STORAGE", "The program's credential store changes all the time.", {
      next: [retry],
    });
  }

  /** What is stored now, judged. @throws CodexError `STORAGE`; or the signal's reason. */
  async look(signal?: AbortSignal): Promise<Judged & { version: string | undefined }> {
    const loaded: unknown = await this.#call("load", (over) => this.#deps.store.load(over), signal);
    const parsed = storedCredentials.nullish().safeParse(loaded);
    if (!parsed.success) throw unknownForm("load");
    const { version, value } = parsed.data ?? {};
    try {
      return { ...judgeFile(value, path), version };
    } catch (error) {
      throw error instanceof CodexError ? error.with({ next: [act("Update codex-oauth")] }) : error;
    }
  }

  async #call<T>(
    name: keyof CredentialStore,
    run: (signal: AbortSignal) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    const late = new AbortController();
    const timer = this.#deps.clock.timer(callTimeoutMs, () => {
      late.abort(failed(name, "It did not answer within ten seconds."));
    });
    const over = signal === undefined ? late.signal : AbortSignal.any([signal, late.signal]);
    try {
      // A store that throws before it gives a promise fails in the same way.
      return await raceSignal((async () => run(over))(), over);
    } catch (error) {
      over.throwIfAborted();
      if (error instanceof CodexError) throw error;
      // No cause: what a database says of a failed statement can hold the value.
      const said = oneLine(this.#deps.redactor.redactAll(String(error)), 200);
      throw failed(name, `It said: ${said}`);
    } finally {
      timer.cancel();
    }
  }
}

/** Without the notes on another login's refresh. */
function bare(document: Document): Document {
  const { [notes.claim]: _, [notes.ledger]: __, ...rest } = document;
  return rest;
}

function failed(name: string, why: string): CodexError {
  return new CodexError("STORAGE", `The program's credential store failed in ${name}().`, {
    why,
    next: [act("Look at the store"), retry],
  });
}

function unknownForm(name: string): CodexError {
  return failed(
    name,
    name === "load"
      ? "It gave neither { version, value } with two texts nor undefined."
      : "It gave neither true nor false.",
  );
}
