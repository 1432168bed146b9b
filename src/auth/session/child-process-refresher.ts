import type { Limits } from "../../shared/limits.ts";
import type { Origins, TokenSet } from "../oauth/token-set.ts";
import type { DetachedEvents, DetachedProcess } from "../../platform/detached-process.ts";
import type { Clock } from "../../platform/clock.ts";
import type { Log } from "../../platform/log.ts";
import type { HeldLock } from "../../platform/files/file-lock.ts";
import { deferred } from "../../platform/promises.ts";
import { fingerprint } from "../../platform/random.ts";
import { readCurrentTokens, type PendingSave } from "./pending-save.ts";
import type { TokenRefresher } from "./token-refresher.ts";
import { refreshingElsewhere } from "./refresh-errors.ts";
import type { RefreshJournal } from "./refresh-journal.ts";
import { fromFailure, refreshReport, type RefreshJob, type RefreshReport } from "./refresh-ipc.ts";
import type { RefreshReason, RefreshExecutor } from "./refresh-coordinator.ts";
import type { LoginStore } from "./token-store.ts";

/** A process that is suspended does not end by itself; nobody waits for it for ever. */
const patienceMs = 5_000;

export interface ChildProcessRefresherDeps {
  start: (events: DetachedEvents) => Promise<DetachedProcess>;
  /** What is done where no process can be started. */
  here: TokenRefresher;
  origins: Origins;
  store: LoginStore;
  ledger: Pick<RefreshJournal, "record">;
  unsaved: PendingSave;
  clock: Clock;
  limits: Limits;
  log: Log;
}

/**
 * Spends a refresh token in a process of its own, which the host's SIGKILL does not reach: a host
 * kills a server half a second after the first signal, and a token that is spent and not saved is a
 * lost login. The process takes the lock over, and its result stands in the login file.
 */
export class ChildProcessRefresher implements RefreshExecutor {
  readonly #deps: ChildProcessRefresherDeps;

  constructor(deps: ChildProcessRefresherDeps) {
    this.#deps = deps;
  }

  settled(): Promise<void> {
    return this.#deps.here.settled();
  }

  async refresh(
    current: TokenSet,
    held: HeldLock,
    reason: RefreshReason,
    stopping: AbortSignal,
  ): Promise<TokenSet | undefined> {
    const { here, store, unsaved, limits, log } = this.#deps;
    // No process for a request that may not be made, or whose result could not be saved.
    await here.check(current, held, reason);
    stopping.throwIfAborted();
    await unsaved.flush(); // it reads the login from the file
    await store.rehearse(reason === "proactive" ? 0 : limits.fileLockWaitMs);
    stopping.throwIfAborted();
    const job = { lock: held.handoverId, token: fingerprint(current.refreshToken), reason };
    const report = await this.#run(job, current, held);
    switch (report?.kind) {
      case undefined:
        if (!(await held.isOwned())) return undefined;
        log("TOKEN", "the process of the refresh did not start; refreshing in this one");
        return here.refresh(current, held, reason, stopping);
      case "lock-lost":
        return undefined;
      case "stored":
        return readCurrentTokens(this.#deps);
      case "failed":
        throw fromFailure(report.error);
      case "unsaved":
        if (report.failure !== undefined) throw fromFailure(report.failure);
        return report.tokens;
    }
  }

  /** What the process reports; undefined when it could not start, or ended without a word. */
  async #run(job: RefreshJob, current: TokenSet, held: HeldLock): Promise<RefreshReport | undefined> {
    const { clock, limits, log } = this.#deps;
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
      process = await this.#deps.start(events);
    } catch (error) {
      log("TOKEN", `no process for the refresh: ${String(error)}`);
      return undefined;
    }
    const pid = process.pid ?? "unknown";
    const timer = clock.timer(limits.refreshProcessMs + patienceMs, () => {
      result.reject(refreshingElsewhere(process.pid));
    });
    try {
      process.send(job);
      const report = await result.promise;
      log("TOKEN", `refresh (${job.reason}) in process ${pid}: ${report?.kind ?? "no word"}`);
      if (report?.kind === "unsaved") {
        await this.#takeOver(report.tokens, current, held, fromFailure(report.error));
        process.send({ kind: "taken-over" });
      }
      return report;
    } finally {
      timer.cancel();
      process.release();
    }
  }

  /** The granted login is only in memory: from now on in ours, and the others are told so. */
  async #takeOver(
    tokens: TokenSet,
    spent: TokenSet,
    held: HeldLock,
    reason: Parameters<PendingSave["keep"]>[2],
  ): Promise<void> {
    const { unsaved, ledger, clock } = this.#deps;
    unsaved.keep(spent.refreshToken, tokens, reason);
    await ledger.record({
      token: fingerprint(spent.refreshToken),
      outcome: "granted",
      attempts: 0,
      at: clock.now(),
      by: held.owner,
    });
  }
}
