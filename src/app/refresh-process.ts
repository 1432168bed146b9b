import { takenOver } from "../auth/session/refresh-ipc.ts";
import { refreshProcessLimits } from "../auth/session/refresh-worker.ts";
import { refedClock } from "../platform/clock.ts";
import { deferred } from "../platform/promises.ts";
import { CodexError } from "../shared/errors.ts";
import { defaultLimits, type Limits } from "../shared/limits.ts";
import { createPlatform } from "./platform.ts";
import { systemRuntime } from "./runtime.ts";
import { createSession } from "./session.ts";

/**
 * Runs the refresh process: takes the job from the server that started it, refreshes, saves, reports and ends; after
 * 20 seconds in any case. It has no streams. A signal only prevents a request that has not begun.
 */
export function runRefresh(limits: Limits = defaultLimits): void {
  const { lastRequestMs, ...processLimits } = refreshProcessLimits(limits);
  refedClock.timer(limits.refreshProcessMs, () => process.exit(1));
  const stopping = new AbortController();
  const stop = (): void => {
    stopping.abort(new CodexError("TIMEOUT", "The refresh was not begun in time."));
  };
  // No grace after a suspension, unlike the clock's timers: a request that begins then may outlive this process.
  setTimeout(stop, lastRequestMs);
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, stop);
  const runtime = Object.assign(systemRuntime(processLimits), { writeStderr: () => undefined });
  const platform = createPlatform(runtime);
  const session = createSession(platform, undefined); // this is the process that refreshes
  const close = async (): Promise<void> => {
    await session.tokens.stop();
    await Promise.all([platform.folder.flush(), platform.http.close()]);
  };
  const exit = (): void => void process.exit(0);
  const end = (): void => void close().then(exit, exit);
  const taken = deferred<boolean>();
  const server = {
    takenOver: taken.promise,
    report: (report: object) =>
      new Promise<void>((resolve) => {
        const done = (): void => {
          resolve();
        };
        if (process.connected) process.send?.(report, done);
        else done();
      }),
  };
  let begun = false;
  process.on("message", (message) => {
    if (begun) {
      if (takenOver.safeParse(message).success) taken.resolve(true);
      return;
    }
    begun = true;
    const run = session.refreshWork().then((work) => work.run(message, server, stopping.signal));
    run.then(end, end);
  });
  process.on("disconnect", () => {
    taken.resolve(false);
    if (!begun) end();
  });
  // Started by hand, without a server at the other end.
  if (!process.connected) end();
}
