import { sleep } from "../../platform/clock.ts";
import type { DetachedProcess } from "../../platform/detached-process.ts";
import { uncancelled, withTimeout } from "../../platform/promises.ts";
import { fingerprint } from "../../platform/random.ts";
import type { CodexError } from "../../shared/errors.ts";
import { programEnds } from "../../shared/errors.ts";
import type { TokenSet } from "../oauth/token-set.ts";
import { decide, errorOf, isResent, type Claim, type Decision } from "./refresh-claim.ts";
import { missingAccessToken, refreshingElsewhere } from "./refresh-errors.ts";
import { readLogin, urgency, type TokenRefresher, type TokenRefresherDeps } from "./token-refresher.ts";

const pollMs = 50;

/** Refreshes that one call may begin: the first, one after a request of unknown outcome, one after a process that died. */
const maxStarts = 3;

interface RefreshCoordinatorDeps extends TokenRefresherDeps {
  /** Starts the refresh process; undefined: refreshes run in this process. */
  start: ((accessToken: string, urgent: boolean) => Promise<DetachedProcess>) | undefined;
  refresher: TokenRefresher;
}

/**
 * Has the login refreshed once among all processes that share it: by a process of its own, which the host's SIGKILL does
 * not reach, or in this process if none can be started. The claims on the refresh token say who does it.
 */
export class RefreshCoordinator {
  readonly #deps: RefreshCoordinatorDeps;
  readonly #closing = new AbortController();

  constructor(deps: RefreshCoordinatorDeps) {
    this.#deps = deps;
  }

  /** From now on no refresh starts or waits; one that was sent goes on to its save. */
  stop(): void {
    this.#closing.abort(programEnds());
  }

  /**
   * The login after a refresh by any process.
   *
   * @param urgent the access token can't be used any more; else the call does not wait for another process
   * @throws CodexError `AUTH_REQUIRED` (signed out meanwhile), `AUTH_EXPIRED`, `TIMEOUT` (another process refreshes),
   *   `STORAGE` (the token was not used), or why the endpoint failed.
   */
  async refresh(seen: TokenSet, urgent: boolean): Promise<TokenSet> {
    const { clock, limits, log } = this.#deps;
    const waiting: Waiting = { seen, urgent, starts: 0, since: clock.elapsed() };
    for (;;) {
      const current = await this.#step(waiting);
      if (current !== undefined) {
        if (waiting.process?.pid !== undefined) log("TOKEN", `${titleOf(waiting)}: stored`);
        return current;
      }
      // An owner whose life is unknown has another minute.
      const limitMs = limits.refreshWaitMs + (waiting.slow ? limits.unknownOwnerMs : 0);
      if (clock.elapsed() - waiting.since >= limitMs) throw refreshingElsewhere(waiting.pid);
      // What this process does itself is seen at once, also while the program is ending.
      if (waiting.running === undefined) await sleep(clock, pollMs, this.#closing.signal);
      else await withTimeout(waiting.running, pollMs, clock, uncancelled);
    }
  }

  /** Looks once, and does what is next; undefined if the call has to wait. */
  async #step(waiting: Waiting): Promise<TokenSet | undefined> {
    const { claims, clock, limits } = this.#deps;
    const { seen, urgent } = waiting;
    const before = await readLogin(this.#deps);
    const token = fingerprint(before.refreshToken);
    const claim = await claims.newest(token);
    // The claim first: whoever ends one has saved the login before.
    const current = await readLogin(this.#deps);
    if (current.accessToken !== seen.accessToken) return current;
    if (current.refreshToken !== before.refreshToken) return undefined;
    if (current.refreshToken !== seen.refreshToken) {
      if (urgent) throw missingAccessToken();
      return current;
    }
    const accessToken = fingerprint(seen.accessToken);
    const decision = decide(claim, { accessToken, now: clock.now(), urgent }, limits);
    switch (decision.kind) {
      case "forbidden":
        throw this.#awaited(waiting, claim) ?? decision.error;
      case "busy":
        this.#wait(waiting, decision, claim);
        return undefined;
      case "free": {
        const failure = this.#awaited(waiting, claim);
        if (failure !== undefined) throw failure;
        return this.#start(waiting, token, accessToken, claim);
      }
    }
  }

  /** Why the refresh failed that this call has waited for; undefined if it is none, or the token is sent once more. */
  #awaited({ after, urgent }: Waiting, claim: Claim | undefined): CodexError | undefined {
    if (after === undefined || claim === undefined || claim.number <= after) return undefined;
    // Whether it waited or not, a caller is told that the refresh itself has succeeded.
    if (claim.outcome === "granted" || isResent(claim, urgent)) return undefined;
    return errorOf(claim);
  }

  #wait(waiting: Waiting, { pid, slow }: Decision & { kind: "busy" }, claim: Claim | undefined): void {
    if (!waiting.urgent) throw refreshingElsewhere(pid);
    waiting.after ??= (claim?.number ?? 1) - 1;
    if (waiting.process === undefined && waiting.slow === undefined) {
      this.#deps.log("TOKEN", `waiting for the refresh of process ${pid ?? "unknown"}`);
    }
    waiting.pid = pid;
    waiting.slow = slow;
  }

  async #start(waiting: Waiting, token: string, accessToken: string, claim: Claim | undefined): Promise<undefined> {
    const { start, refresher, claims, store, log } = this.#deps;
    const { urgent, process } = waiting;
    this.#closing.signal.throwIfAborted();
    const last = claim?.number ?? 0;
    waiting.after ??= last;
    if (process !== undefined && !process.ended) return undefined; // it has not claimed the token yet
    await waiting.running; // it has failed between two looks
    if (waiting.starts >= maxStarts) throw refreshingElsewhere();
    // A process that ended without a claim could not do its work, so this one tries.
    const failed = process !== undefined && waiting.startedAfter === last;
    if (start !== undefined && !failed) {
      const withdraw = await claims.announce(token, last + 1);
      if (withdraw === undefined) return undefined; // another process starts one
      try {
        await store.rehearse(); // no process for a refresh that could not be saved
      } catch (error) {
        await withdraw();
        throw error;
      }
      try {
        waiting.process = await start(accessToken, urgent);
        waiting.startedAfter = last;
        waiting.starts++;
        log("TOKEN", titleOf(waiting));
        return undefined;
      } catch (error) {
        log("TOKEN", `no process for the refresh: ${String(error)}`);
      }
    }
    log("TOKEN", "refreshing in this process");
    waiting.starts++;
    const state = { pid: undefined, ended: false };
    waiting.process = state;
    waiting.startedAfter = last;
    const run = refresher.run(accessToken, urgent, this.#closing.signal);
    waiting.running = run.then(() => void (waiting.running = undefined)).finally(() => void (state.ended = true));
    waiting.running.catch(() => undefined); // heard where it is awaited, unless the call has ended
    return undefined;
  }
}

/** What a call remembers from one look to the next. */
interface Waiting {
  /** The login that the caller has. */
  seen: TokenSet;
  urgent: boolean;
  /** When the call began, in `Clock.elapsed` time. */
  since: number;
  /** Number of the last claim that had ended before: the end of a later one concerns this call. */
  after?: number;
  /** The refresh process that this call has started, or the refresh in this one. */
  process?: DetachedProcess;
  /** The refresh in this process, until it succeeds. */
  running?: Promise<void> | undefined;
  /** Number of the last claim when it was started. */
  startedAfter?: number;
  starts: number;
  /** Of the process that the call waits for. */
  pid?: number | undefined;
  slow?: boolean;
}

/** The refresh in a process of its own, for the log. */
function titleOf({ urgent, process }: Waiting): string {
  return `refresh (${urgency(urgent)}) in process ${process?.pid ?? "unknown"}`;
}
