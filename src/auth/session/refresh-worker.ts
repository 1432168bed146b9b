import { toCodexError, type CodexError } from "../../shared/errors.ts";
import type { Limits } from "../../shared/limits.ts";
import type { Origins } from "../oauth/token-set.ts";
import { sleep, type Clock } from "../../platform/clock.ts";
import type { FileLock, HeldLock } from "../../platform/files/file-lock.ts";
import type { Redactor } from "../../shared/redactor.ts";
import { fingerprint } from "../../platform/random.ts";
import { readCurrentTokens, type PendingSave } from "./pending-save.ts";
import type { TokenRefresher } from "./token-refresher.ts";
import { refreshJob, toFailure, type RefreshReport } from "./refresh-ipc.ts";
import type { LoginStore } from "./token-store.ts";

/** How often the process tries to save what nobody else has. */
const saveRetryMs = 500;

export interface RefreshWorkerDeps {
  origins: Origins;
  store: Pick<LoginStore, "read">;
  attempts: TokenRefresher;
  unsaved: PendingSave;
  lock: Pick<FileLock, "takeOver">;
  redactor: Redactor;
  clock: Clock;
  limits: Limits;
}

/** The server at the other end of the channel. */
export interface RefreshServer {
  /** Never fails; it may be gone. */
  report(report: RefreshReport): Promise<void>;
  /** Resolves when it has taken an unsaved login over; with false when it is gone. */
  takenOver: Promise<boolean>;
}

/** What the process of a refresh does (`DetachedSpending` is its other end). */
export class RefreshWorker {
  readonly #deps: RefreshWorkerDeps;

  constructor(deps: RefreshWorkerDeps) {
    this.#deps = deps;
  }

  /**
   * One refresh, from taking the lock over to the report; resolves when nothing is left to do.
   *
   * @param message the job as it came
   * @param stopping no request begins once it is aborted
   */
  async run(message: unknown, server: RefreshServer, stopping: AbortSignal): Promise<void> {
    const job = refreshJob.safeParse(message);
    if (!job.success) return; // the server is of another version and sees us end
    const held = await this.#deps.lock.takeOver(job.data.lock);
    if (held === undefined) return server.report({ kind: "lock-lost" });
    const failure = await this.#refresh(job.data, held, stopping);
    const { unsaved } = this.#deps;
    const { reason, tokens } = unsaved;
    if (reason !== undefined && tokens !== undefined) {
      const only = { kind: "unsaved", tokens, error: toFailure(reason) } as const;
      await server.report({ ...only, failure: failure && toFailure(failure) });
      if (await server.takenOver) unsaved.forget();
      else await this.#saveAlone();
      await held.release();
      return;
    }
    // The lock first: who hears of the end may want the next refresh at once.
    await held.release();
    await server.report(failure === undefined ? { kind: "stored" } : { kind: "failed", error: toFailure(failure) });
    await this.#deps.attempts.settled();
  }

  /** Why it failed, if it did. */
  async #refresh(
    { token, reason }: { token: string; reason: "proactive" | "expired" | "rejected" },
    held: HeldLock,
    stopping: AbortSignal,
  ): Promise<CodexError | undefined> {
    try {
      const current = await readCurrentTokens(this.#deps);
      const { accessToken, refreshToken, idToken } = current;
      this.#deps.redactor.addSecrets(accessToken, refreshToken, idToken);
      this.#deps.redactor.addPerson(current);
      // Somebody signed in meanwhile: nothing to spend.
      if (fingerprint(refreshToken) !== token) return undefined;
      await this.#deps.attempts.refresh(current, held, reason, stopping);
      return undefined;
    } catch (error) {
      return toCodexError(error);
    }
  }

  /** The server is gone, and this is the only copy: until it is saved, or this process's life ends. */
  async #saveAlone(): Promise<void> {
    const { unsaved, clock } = this.#deps;
    for (;;) {
      await unsaved.flush().catch(() => undefined);
      if (unsaved.tokens === undefined) return;
      await sleep(clock, saveRetryMs);
    }
  }
}

/**
 * The limits of the process: it never waits so long for the login file's lock, nor begins a request
 * so late, that its life could end between the request and the save.
 */
export function refreshProcessLimits(limits: Limits): Limits & { lastRequestMs: number } {
  const fileLockWaitMs = Math.min(limits.fileLockWaitMs, 1_000);
  const rest = limits.refreshProcessMs - limits.tokenRequestTimeoutMs - fileLockWaitMs;
  return { ...limits, fileLockWaitMs, lastRequestMs: Math.max(rest - 1_000, 0) };
}
