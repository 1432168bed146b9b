import type { DetachedEvents, DetachedProcess } from "../../platform/detached-process.ts";
import type { HeldLock } from "../../platform/files/file-lock.ts";
import { deferred } from "../../platform/promises.ts";
import { fingerprint } from "../../platform/random.ts";
import type { CodexError } from "../../shared/errors.ts";
import type { TokenSet } from "../oauth/token-set.ts";
import {
  readCurrentTokens,
  type RefreshContext,
  type RefreshExecutor,
  type RefreshReason,
} from "./refresh-coordinator.ts";
import { refreshingElsewhere } from "./refresh-errors.ts";
import { deserializeError, refreshReport, type RefreshJob, type RefreshReport } from "./refresh-ipc.ts";
import type { RefreshJournal } from "./refresh-journal.ts";
import type { TokenRefresher } from "./token-refresher.ts";

/** A suspended process does not exit by itself, so the wait for it has an end. */
const exitGraceMs = 5_000;

interface ChildProcessRefresherDeps extends RefreshContext {
  start: (events: DetachedEvents) => Promise<DetachedProcess>;
  /** Refreshes in this process if none can be started. */
  inProcess: TokenRefresher;
  journal: Pick<RefreshJournal, "record">;
}

/**
 * Uses a refresh token in a detached process, which the host's SIGKILL does not reach: a host kills a server half a
 * second after the first signal, and a used token without a saved successor is a lost login. The process takes the
 * lock over and stores its result in the auth file.
 */
export class ChildProcessRefresher implements RefreshExecutor {
  readonly #deps: ChildProcessRefresherDeps;

  constructor(deps: ChildProcessRefresherDeps) {
    this.#deps = deps;
  }

  async refresh(
    current: TokenSet,
    lock: HeldLock,
    reason: RefreshReason,
    stopping: AbortSignal,
  ): Promise<TokenSet | undefined> {
    const { inProcess, store, pendingSave, limits, log } = this.#deps;
    // No process for a request that may not be made, or whose result could not be saved.
    await inProcess.check(current, lock, reason);
    stopping.throwIfAborted();
    await pendingSave.flush(); // the process reads the login from the file
    await store.rehearse(reason === "proactive" ? 0 : limits.fileLockWaitMs);
    stopping.throwIfAborted();
    const job = { lock: lock.handoverId, token: fingerprint(current.refreshToken), reason };
    const report = await this.#run(job, current, lock);
    switch (report?.kind) {
      case undefined:
        if (!(await lock.isOwned())) return undefined;
        log("TOKEN", "the process of the refresh did not start; refreshing in this one");
        return inProcess.refresh(current, lock, reason, stopping);
      case "lock-lost":
        return undefined;
      case "stored":
        return readCurrentTokens(this.#deps);
      case "failed":
        throw deserializeError(report.error);
      case "unsaved":
        if (report.failure !== undefined) throw deserializeError(report.failure);
        return report.tokens;
    }
  }

  /** The process's report; undefined if it did not start, or ended without one. */
  async #run(job: RefreshJob, current: TokenSet, lock: HeldLock): Promise<RefreshReport | undefined> {
    const { start, clock, limits, log } = this.#deps;
    const result = deferred<RefreshReport | undefined>();
    const events: DetachedEvents = {
      onMessage: (message) => {
        const parsed = refreshReport.safeParse(message);
        if (parsed.success) result.resolve(parsed.data);
      },
      onEnd: () => {
        result.resolve(undefined);
      },
    };
    let process: DetachedProcess;
    try {
      process = await start(events);
    } catch (error) {
      log("TOKEN", `no process for the refresh: ${String(error)}`);
      return undefined;
    }
    const timer = clock.timer(limits.refreshProcessMs + exitGraceMs, () => {
      result.reject(refreshingElsewhere(process.pid));
    });
    try {
      process.send(job);
      const report = await result.promise;
      log("TOKEN", `refresh (${job.reason}) in process ${process.pid ?? "unknown"}: ${report?.kind ?? "no word"}`);
      if (report?.kind === "unsaved") {
        await this.#takeOver(report.tokens, current, lock, deserializeError(report.error));
        process.send({ kind: "taken-over" });
      }
      return report;
    } finally {
      timer.cancel();
      process.release();
    }
  }

  /** Keeps the login that could not be saved in this process's memory, and notes that for the others. */
  async #takeOver(tokens: TokenSet, previous: TokenSet, lock: HeldLock, error: CodexError): Promise<void> {
    const { pendingSave, journal, clock } = this.#deps;
    pendingSave.keep(previous.refreshToken, tokens, error);
    const token = fingerprint(previous.refreshToken);
    await journal.record({ token, outcome: "granted", attempts: 0, at: clock.now(), by: lock.owner });
  }
}
