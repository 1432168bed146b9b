import type { Clock } from "../../platform/clock.ts";
import { withTimeout } from "../../platform/promises.ts";
import { toCodexError } from "../../shared/errors.ts";
import { mapTexts } from "../../shared/next-step.ts";
import type { Redactor } from "../../shared/redactor.ts";
import { oneLine } from "../../shared/text.ts";
import { type Finding, note } from "../finding.ts";

/** One thing that the doctor looks at; it may fail and may take long, the doctor bounds both. */
export interface Check {
  /** The name of its finding when it gives none of its own. */
  name: string;
  /** What it means that the check did not come to an end, where that tells something. */
  late?: (seconds: number) => Finding;
  run: (signal: AbortSignal) => Finding[] | Promise<Finding[]>;
}

/** Above what two requests of five seconds one after the other take. */
const checkLimitMs = 12_000;

export interface DoctorDeps {
  checks: readonly Check[];
  clock: Clock;
  redactor: Pick<Redactor, "redactAll">;
  /** Shown as `~`; empty where nobody knows it. */
  home: string;
}

/**
 * Looks at everything that keeps a question from being answered, all at once and without any change. A check that fails
 * or hangs is a finding, too, and keeps no other one from its result.
 */
export class Doctor {
  readonly #deps: DoctorDeps;

  constructor(deps: DoctorDeps) {
    this.#deps = deps;
  }

  /**
   * What was found, in the order of the checks; within about 12 s, whatever hangs.
   *
   * @throws only the signal's reason
   */
  async examine(signal: AbortSignal): Promise<Finding[]> {
    signal.throwIfAborted();
    const found = await Promise.all(this.#deps.checks.map((check) => this.#run(check, signal)));
    return found.flat().map((finding) => this.#clean(finding));
  }

  async #run({ name, run, late }: Check, signal: AbortSignal): Promise<Finding[]> {
    const ended = new AbortController();
    const either = AbortSignal.any([signal, ended.signal]); // one listener each on its own signal
    try {
      const work = (async () => run(either))();
      const found = await withTimeout(work, checkLimitMs, this.#deps.clock, either);
      const seconds = checkLimitMs / 1000;
      return found ?? [late?.(seconds) ?? note(name, `Could not be looked at within ${seconds} s.`)];
    } catch (error) {
      signal.throwIfAborted();
      return [note(name, `Could not be looked at. ${toCodexError(error).message}`)];
    } finally {
      ended.abort();
    }
  }

  /** Fit for an issue: no secret, one line each, and the home folder without its user's name. */
  #clean({ check, level, message, fix }: Finding): Finding {
    const clean = (text: string): string => oneLine(this.#withoutHome(this.#deps.redactor.redactAll(text)), 600);
    return { check, level, message: clean(message), fix: fix && mapTexts(fix, clean) };
  }

  #withoutHome(text: string): string {
    const { home } = this.#deps;
    if (home.length < 2) return text;
    const escaped = home.replace(/[/\\]+$/, "").replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
    // Between quotes a shell would not know what ~ is.
    return text.replace(new RegExp(`(?<![\\w'./\\\\-])${escaped}(?![\\w-]|\\.\\w)`, "g"), "~");
  }
}
