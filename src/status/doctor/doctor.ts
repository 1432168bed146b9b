import type { Clock } from "../../platform/clock.ts";
import { withTimeout } from "../../platform/promises.ts";
import { toCodexError } from "../../shared/errors.ts";
import { mapTexts } from "../../shared/next-step.ts";
import type { Redactor } from "../../shared/redactor.ts";
import { oneLine } from "../../shared/text.ts";
import { type Finding, note } from "../finding.ts";

/** One check of the doctor, which handles its errors and limits its time. */
export interface Check {
  /** The name of the finding if the check fails or times out. */
  name: string;
  /** The finding after a timeout. Default: a note. */
  onTimeout?: (seconds: number) => Finding;
  run: (signal: AbortSignal) => Finding[] | Promise<Finding[]>;
}

/** Longer than two sequential requests of five seconds each. */
const checkLimitMs = 12_000;

export interface DoctorDeps {
  checks: readonly Check[];
  clock: Clock;
  redactor: Pick<Redactor, "redactAll">;
  /** Shown as `~`; empty if unknown. */
  home: string;
}

/**
 * Runs all diagnostics in parallel, without changing anything. A check that fails or hangs becomes a finding, and
 * doesn't affect the others.
 */
export class Doctor {
  readonly #deps: DoctorDeps;

  constructor(deps: DoctorDeps) {
    this.#deps = deps;
  }

  /**
   * Resolves within about 12 s, with findings in the order of the checks.
   *
   * @throws the signal's reason, and nothing else
   */
  async examine(signal: AbortSignal): Promise<Finding[]> {
    signal.throwIfAborted();
    const found = await Promise.all(this.#deps.checks.map((check) => this.#run(check, signal)));
    return found.flat().map((finding) => this.#clean(finding));
  }

  async #run({ name, run, onTimeout }: Check, signal: AbortSignal): Promise<Finding[]> {
    const ended = new AbortController();
    const either = AbortSignal.any([signal, ended.signal]); // a signal per check: each adds listeners
    try {
      const work = (async () => run(either))();
      const found = await withTimeout(work, checkLimitMs, this.#deps.clock, either);
      const seconds = checkLimitMs / 1000;
      return found ?? [onTimeout?.(seconds) ?? note(name, `Could not be looked at within ${seconds} s.`)];
    } catch (error) {
      signal.throwIfAborted();
      return [note(name, `Could not be looked at. ${toCodexError(error).message}`)];
    } finally {
      ended.abort();
    }
  }

  /** Makes a finding safe to paste into an issue: no secrets, single lines, and `~` for the home folder. */
  #clean({ check, level, message, fix }: Finding): Finding {
    const clean = (text: string): string => oneLine(this.#withoutHome(this.#deps.redactor.redactAll(text)), 600);
    return { check, level, message: clean(message), fix: fix && mapTexts(fix, clean) };
  }

  #withoutHome(text: string): string {
    const { home } = this.#deps;
    if (home.length < 2) return text;
    const escaped = home.replace(/[/\\]+$/, "").replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
    // A shell doesn't expand ~ within quotes.
    return text.replace(new RegExp(`(?<![\\w'"./\\\\-])${escaped}(?![\\w-]|\\.\\w)`, "g"), "~");
  }
}
