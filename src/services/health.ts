import { toCodexError } from "../core/errors.ts";
import type { OriginHealth } from "../core/status.ts";
import type { Clock } from "../infra/clock.ts";
import type { Http } from "../infra/http.ts";

const timeoutMs = 5_000;

/** Ask both origins for their front page, without any token. */
export async function checkHealth(
  origins: readonly string[],
  http: Pick<Http, "fetchText">,
  userAgent: string,
  clock: Clock,
  signal: AbortSignal,
): Promise<OriginHealth[]> {
  return Promise.all(
    origins.map(async (origin) => {
      const started = clock.elapsed();
      try {
        const request = {
          method: "HEAD" as const,
          url: `${origin}/`,
          headers: { "user-agent": userAgent },
        };
        const { status, headers } = await http.fetchText(request, {
          maxBytes: 1024,
          timeoutMs,
          signal,
        });
        const ms = Math.round(clock.elapsed() - started);
        const blocked = headers["cf-mitigated"] === "challenge" ? ", challenged by Cloudflare" : "";
        return { origin, reachable: true, detail: `HTTP ${status} in ${ms} ms${blocked}` };
      } catch (error) {
        signal.throwIfAborted();
        return { origin, reachable: false, detail: toCodexError(error).message };
      }
    }),
  );
}
