import { refedClock } from "../platform/clock.ts";
import { defaultLimits, type Limits } from "../shared/limits.ts";
import { createPlatform } from "./platform.ts";
import { systemRuntime } from "./runtime.ts";
import { createSession } from "./session.ts";

/**
 * Runs the refresh process: refreshes the login of the settings, and saves it. It has no streams, and ignores signals:
 * between the request and the save, it has the only copy of the login.
 *
 * @param args fingerprint of the access token to replace, and "urgent" or "early"
 */
export async function runRefresh(args: readonly string[], limits: Limits = defaultLimits): Promise<void> {
  const [accessToken = "", urgency] = args;
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => undefined);
  const runtime = Object.assign(systemRuntime(limits), { clock: refedClock, writeStderr: () => undefined });
  const platform = createPlatform(runtime);
  const { refresher, orphanedTokens } = createSession(platform, undefined); // this is the process that refreshes
  try {
    await refresher.run(accessToken, urgency === "urgent", new AbortController().signal);
    await refresher.settled();
  } catch (error) {
    platform.log("TOKEN", `the refresh process ends: ${String(error)}`);
  }
  await orphanedTokens.settled();
  await Promise.all([platform.folder.flush(), platform.http.close()]);
  process.exit(0);
}
