// How figures are taken: medians of interleaved rounds, so that a machine that slows down slows both sides.

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((left, right) => left - right);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2;
}

/** @param share 0–1: the value that so large a share of all values does not exceed */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((left, right) => left - right);
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

export interface Row {
  readonly name: string;
  /** null: could not be measured here. */
  readonly value: number | null;
  readonly unit: string;
  /** As text, for example `>= 0.35`. */
  readonly goal: string | null;
  readonly pass: boolean | null;
  /** The figure that `value` is compared with. */
  readonly baseline: number | null;
}

export function row(
  name: string,
  value: number | null,
  unit: string,
  { goal, baseline = null }: { readonly goal?: string; readonly baseline?: number | null } = {},
): Row {
  const rounded = value === null ? null : Number(value.toPrecision(4));
  return {
    name,
    value: rounded,
    unit,
    goal: goal ?? null,
    pass: value === null || goal === undefined ? null : meets(value, goal),
    baseline: baseline === null ? null : Number(baseline.toPrecision(4)),
  };
}

function meets(value: number, goal: string): boolean {
  const [operator = "", limit = ""] = goal.split(" ");
  return operator === ">=" ? value >= Number(limit) : value <= Number(limit);
}

/** For people a table, for scripts one JSON document. */
export function printRows(bench: string, rows: readonly Row[], asJson: boolean): void {
  if (asJson) {
    process.stdout.write(`${JSON.stringify({ bench, rows })}\n`);
    return;
  }
  for (const { name, value, unit, goal, pass, baseline } of rows) {
    const verdict = pass === null ? "" : pass ? "ok" : "MISSED";
    process.stdout.write(
      `${name.padEnd(28)} ${String(value ?? "?").padStart(10)} ${unit.padEnd(12)} ${(goal ?? "").padEnd(10)} ${verdict.padEnd(7)} ${baseline === null ? "" : `baseline ${baseline}`}\n`,
    );
  }
}
