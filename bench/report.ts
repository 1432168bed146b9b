import { metrics, type Metric, type Samples } from "./measure.ts";

/**
 * Ours beside the bare server: what may not be passed. The first long stream of a process has none:
 * there V8 compiles beside the work, on its other threads, and that differs from run to run.
 */
const bounds: Partial<Record<Metric, { ratio: number } | { difference: number }>> = {
  initialize: { ratio: 0.75 },
  query: { difference: 2 },
  longCpu: { ratio: 1.3 },
};

export interface Report {
  text: string;
  /** True when no bound is passed. */
  held: boolean;
}

/** What the launcher may add to the start of the program itself, ms. */
const launcherMs = 10;

export interface Measured {
  ours: readonly Samples[];
  bare: readonly Samples[];
  /** Starts of ours without the launcher. */
  direct: readonly Samples[];
}

/** Medians over all samples of all runs. */
export function report({ ours, bare, direct }: Measured): Report {
  const rows = [["", "ours", "bare", "ratio", "more", "bound"]];
  let held = true;
  for (const metric of Object.keys(metrics) as Metric[]) {
    const a = median(ours.flatMap((run) => run[metric]));
    const b = median(bare.flatMap((run) => run[metric]));
    if (Number.isNaN(a)) continue;
    const bound = bounds[metric];
    let verdict = "";
    if (bound !== undefined) {
      const passed = "ratio" in bound ? a / b > bound.ratio : a - b > bound.difference;
      const limit = "ratio" in bound ? `${bound.ratio} x` : `${bound.difference} ms more`;
      verdict = `${limit}: ${passed ? "PASSED BEYOND" : "holds"}`;
      held &&= !passed;
    }
    rows.push([metrics[metric], number(a), number(b), (a / b).toFixed(2), number(a - b), verdict]);
  }
  const [launched = [], yardstick = [], alone = []] = [ours, bare, direct].map((runs) =>
    runs.flatMap(({ initialize }) => initialize),
  );
  const added = median(launched) - median(alone);
  held &&= added <= launcherMs;
  const [a = "", b = "", c = ""] = [launched, yardstick, alone].map((all) => number(Math.min(...all)));
  const text = [
    table(rows),
    "",
    `Without the launcher: ${number(median(alone))} ms to initialize; it adds ${number(added)} ms (at most ${launcherMs}).`,
    `The fastest starts: ours ${a} ms, bare ${b} ms, without the launcher ${c} ms.`,
  ].join("\n");
  return { text, held };
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? NaN)) / 2;
}

function number(value: number): string {
  return value.toFixed(Math.abs(value) < 10 ? 2 : 1);
}

function table(rows: readonly string[][]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => {
          const width = widths[column] ?? 0;
          return column === 0 || column === row.length - 1 ? cell.padEnd(width) : cell.padStart(width);
        })
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
