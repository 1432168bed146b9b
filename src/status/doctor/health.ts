import { isInterstitialPage } from "../../api/api-error.ts";
import { toCodexError } from "../../shared/errors.ts";
import { type NextSteps } from "../../shared/next-step.ts";
import type { Clock } from "../../platform/clock.ts";
import type { Http, TextResponse } from "../../http/http.ts";
import { originator } from "../../api/constants.ts";
import { toApiErrorInfo } from "../../api/error-body.ts";

const timeoutMs = 5_000;

/** What is asked of one of the services. */
export interface HealthTarget {
  origin: string;
  /** A path that our own requests use; asked only where the front page is guarded. */
  path: string;
}

export interface OriginHealth {
  origin: string;
  /** An answer came, whatever it says. */
  reachable: boolean;
  /** For a reader: "HTTP 200 in 31 ms", or the error's first sentences. */
  detail: string;
  /** Cloudflare, or another page in between, answers in the service's place. */
  blocked: boolean;
  /** The server's clock minus ours, ms; undefined where the answer has no date. */
  clockAheadMs: number | undefined;
  /** The failure's next steps. */
  fix: NextSteps | undefined;
}

export interface HealthDeps {
  http: Pick<Http, "fetchText">;
  userAgent: string;
  clock: Clock;
}

/**
 * Ask each origin for its front page, without any token. Cloudflare guards front pages against every program, which
 * says nothing about us; so where one is guarded, the path that we use decides.
 */
export async function checkHealth(
  targets: readonly HealthTarget[],
  deps: HealthDeps,
  signal: AbortSignal,
): Promise<OriginHealth[]> {
  return Promise.all(
    targets.map(async ({ origin, path }) => {
      try {
        const front = await ask("HEAD", `${origin}/`, deps, signal);
        const found = {
          origin,
          reachable: true,
          detail: front.detail,
          blocked: false,
          clockAheadMs: front.clockAheadMs,
          fix: undefined,
        };
        if (!front.guarded) return found;
        const used = await ask("GET", `${origin}${path}`, deps, signal);
        const detail = used.guarded
          ? `${used.detail}, a page in the service's place`
          : `${used.detail} (only the front page is guarded)`;
        return { ...found, detail, blocked: used.guarded };
      } catch (error) {
        signal.throwIfAborted();
        const { message, details, next } = toCodexError(error);
        const detail = details.why === undefined ? message : `${message} ${details.why}`;
        const blocked = false;
        return { origin, reachable: false, detail, blocked, clockAheadMs: undefined, fix: next };
      }
    }),
  );
}

async function ask(
  method: "HEAD" | "GET",
  url: string,
  { http, userAgent, clock }: HealthDeps,
  signal: AbortSignal,
): Promise<{ detail: string; guarded: boolean; clockAheadMs: number | undefined }> {
  const started = clock.elapsed();
  const response = await http.fetchText(
    { method, url, headers: { "user-agent": userAgent, originator } },
    { maxBytes: 256 * 1024, timeoutMs, signal },
  );
  const ms = Math.round(clock.elapsed() - started);
  const challenged = response.headers["cf-mitigated"] === "challenge";
  return {
    detail: `HTTP ${response.status} in ${ms} ms${challenged ? ", challenged by Cloudflare" : ""}`,
    guarded: isInterstitialPage(toApiErrorInfo(response.status, response.headers, response.text, clock.now())),
    clockAheadMs: aheadOf(clock.now(), response),
  };
}

/** RFC 9110 §6.6.1: the date has whole seconds. */
function aheadOf(now: number, { headers }: TextResponse): number | undefined {
  const date = headers["date"];
  const at = typeof date === "string" ? Date.parse(date) : NaN;
  return Number.isNaN(at) ? undefined : at - now;
}
