import { sleep } from "../../platform/clock.ts";
import type { FileLock, HeldLock } from "../../platform/files/file-lock.ts";
import { fingerprint } from "../../platform/random.ts";
import { toCodexError, type CodexError } from "../../shared/errors.ts";
import type { Limits } from "../../shared/limits.ts";
import type { Redactor } from "../../shared/redactor.ts";
import { readCurrentTokens, type RefreshContext } from "./refresh-coordinator.ts";
import { refreshJob, serializeError, type RefreshJob, type RefreshReport } from "./refresh-ipc.ts";
import type { TokenRefresher } from "./token-refresher.ts";

/** Pause between attempts to save what only this process has. */
const saveRetryMs = 500;

interface RefreshWorkerDeps extends RefreshContext {
  refresher: TokenRefresher;
  lock: Pick<FileLock, "takeOver">;
  redactor: Redactor;
}

/** The server at the other end of the channel. */
interface RefreshServer {
  /** Never fails, also if the server has exited. */
  report(report: RefreshReport): Promise<void>;
  /** Resolves with true when the server has an unsaved login, with false if it has exited. */
  takenOver: Promise<boolean>;
}

/** The work of the refresh process (`ChildProcessRefresher` is its other end). */
export class RefreshWorker {
  readonly #deps: RefreshWorkerDeps;

  constructor(deps: RefreshWorkerDeps) {
    this.#deps = deps;
  }

  /**
   * Runs one refresh, from taking the lock over to the report.
   *
   * @param message the job, not yet validated
   * @param stopping no request begins once it is aborted
   */
  async run(message: unknown, server: RefreshServer, stopping: AbortSignal): Promise<void> {
    const { lock, pendingSave } = this.#deps;
    const job = refreshJob.safeParse(message);
    if (!job.success) return; // the server has another version, and sees this process exit
    const acquired = await lock.takeOver(job.data.lock);
    if (acquired === undefined) return server.report({ kind: "lock-lost" });
    const thrown = await this.#refresh(job.data, acquired, stopping);
    const failure = thrown && serializeError(thrown);
    const { reason, tokens } = pendingSave;
    if (reason !== undefined && tokens !== undefined) {
      await server.report({ kind: "unsaved", tokens, error: serializeError(reason), failure });
      if (await server.takenOver) pendingSave.forget();
      else await this.#saveAlone();
      await acquired.release();
      return;
    }
    // The lock first: the server may want the next refresh right after the report.
    await acquired.release();
    await server.report(failure === undefined ? { kind: "stored" } : { kind: "failed", error: failure });
  }

  /** Resolves with the error if the refresh failed. */
  async #refresh(
    { token, reason }: RefreshJob,
    lock: HeldLock,
    stopping: AbortSignal,
  ): Promise<CodexError | undefined> {
    const { redactor, refresher } = this.#deps;
    try {
      const current = await readCurrentTokens(this.#deps);
      const { accessToken, refreshToken, idToken } = current;
      redactor.addSecrets(accessToken, refreshToken, idToken);
      redactor.addPerson(current);
      // With another token, a new sign-in has made the refresh unnecessary.
      if (fingerprint(refreshToken) === token) await refresher.refresh(current, lock, reason, stopping);
      return undefined;
    } catch (error) {
      return toCodexError(error);
    }
  }

  /** Retries the save without the server: this is the only copy. Ends with the process's own time limit. */
  async #saveAlone(): Promise<void> {
    const { pendingSave, clock } = this.#deps;
    for (;;) {
      await pendingSave.flush().catch(() => undefined);
      if (pendingSave.tokens === undefined) return;
      await sleep(clock, saveRetryMs);
    }
  }
}

/**
 * The limits of the refresh process. It must not exit between the request and the save, so they bound the wait for the
 * auth file's lock and the time until the request.
 */
export function refreshProcessLimits(limits: Limits): Limits & { lastRequestMs: number } {
  const fileLockWaitMs = Math.min(limits.fileLockWaitMs, 1_000);
  const rest = limits.refreshProcessMs - limits.tokenRequestTimeoutMs - fileLockWaitMs;
  return { ...limits, fileLockWaitMs, lastRequestMs: Math.max(rest - 1_000, 0) };
}
