// A receipt for people, in at most 80 columns. Printed amounts add up as the exact ones do; it computes no saving.
import type { NanoUsd } from "../../core/money.ts";
import { counted } from "./savingsNotes.ts";
import type { SavingsLine, SavingsReport, SavingsTotal } from "./types.ts";

export interface ReceiptHead {
  /** Execution id, or whatever the receipt is of. Made printable by the caller. */
  readonly title: string;
  readonly status?: string;
  /** null or absent: no money limit. */
  readonly limitUsd?: NanoUsd | null;
  /** A sentence of its own under the head, for example how long the limits last. */
  readonly remark?: string;
}

const COLUMNS = 80;
const LABEL_COLUMNS = 20;
const AMOUNT_COLUMNS = 10;
const NANO_DIGITS = 9;
const DAYLIGHT = "paid: as reported by the provider; the rest: computed";

export function renderReceipt(report: SavingsReport, head: ReceiptHead): string {
  const decimals = decimalsFor([report.baseline.knownUsd, report.paid.knownUsd, ...report.lines.map(({ knownUsd }) => knownUsd)]);
  const parts = [
    ...wrap(headLine(report, head, decimals), 0, 2),
    ...wrap(`  ${DAYLIGHT}`, 0, 2),
    ...(head.remark === undefined ? [] : wrap(`  ${head.remark}`, 0, 2)),
    ...entry("would have cost", baselineAmount(report, decimals), "same calls, model asked for, nothing compressed, same cache rules"),
    ...lineEntries(report, decimals),
    ...(report.stepsNotCounted === 0
      ? []
      : entry("not counted", "", `${counted(report.stepsNotCounted, ["step", "steps"])} that never needed a model`)),
    ...entry("unknown", "", unknownNote(report)),
  ];
  return `${parts.join("\n")}\n`;
}

function headLine({ paid }: SavingsReport, { title, status, limitUsd }: ReceiptHead, decimals: number): string {
  const amount =
    paid.usd === null
      ? `unknown (known: ${text(rounded(paid.knownUsd, decimals), decimals)} USD)`
      : `${text(rounded(paid.usd, decimals), decimals)} USD`;
  const limit = limitUsd === null || limitUsd === undefined ? "" : ` of ${trimmed(limitUsd)} USD`;
  return ["receipt " + title, ...(status === undefined ? [] : [status]), amount + limit].join("   ");
}

/** The sums on the way from the baseline to what was paid are rounded, and a line shows the difference of two of them: so the column adds up. */
function lineEntries(report: SavingsReport, decimals: number): string[] {
  let exact = report.baseline.knownUsd;
  return report.lines.flatMap((line) => {
    const isOwn = line.cause === "own costs";
    const next = isOwn ? exact + line.knownUsd : exact - line.knownUsd;
    const shown = isOwn ? rounded(next, decimals) - rounded(exact, decimals) : rounded(exact, decimals) - rounded(next, decimals);
    exact = next;
    return entry(`${isOwn ? "+" : "−"} ${line.cause}`, amountOf(line, shown, decimals), noteOf(line, shown, decimals));
  });
}

function amountOf(total: SavingsTotal, shown: bigint, decimals: number): string {
  return total.usd === null ? "unknown" : text(shown, decimals);
}

function noteOf(line: SavingsLine, shown: bigint, decimals: number): string {
  const known = line.usd === null ? `${text(shown, decimals)} where prices are known` : "";
  const tokens = line.tokens === 0 ? "" : `${line.tokens} tokens`;
  return [line.note, tokens, known].filter((part) => part !== "").join(", ");
}

function baselineAmount({ baseline }: SavingsReport, decimals: number): string {
  return amountOf(baseline, rounded(baseline.knownUsd, decimals), decimals);
}

function unknownNote({ unknown }: SavingsReport): string {
  const notes = [`${counted(unknown.callsWithoutPrice, ["call", "calls"])} without a price`];
  if (unknown.callsAssumed > 0) notes.push(`${counted(unknown.callsAssumed, ["call", "calls"])} settled without a report`);
  if (unknown.callsWithoutBaseline > 0) {
    notes.push(`${counted(unknown.callsWithoutBaseline, ["call", "calls"])} without a baseline, counted as having saved nothing`);
  }
  return notes.join(" · ");
}

function entry(label: string, amount: string, note: string): string[] {
  const start = `  ${label.padEnd(LABEL_COLUMNS)}${amount.padStart(AMOUNT_COLUMNS)}   `;
  return wrap(start + note, start.length, start.length);
}

/** Breaks at blanks only; a word longer than the rest of a line stands alone. */
function wrap(line: string, keep: number, indent: number): string[] {
  if (line.length <= COLUMNS) return [line.trimEnd()];
  const lines: string[] = [];
  let current = line.slice(0, keep);
  let isEmpty = true;
  for (const word of line.slice(keep).split(/(?<=\S) /)) {
    if (!isEmpty && current.length + 1 + word.length > COLUMNS) {
      lines.push(current.trimEnd());
      current = " ".repeat(indent);
      isEmpty = true;
    }
    current += isEmpty ? word : ` ${word}`;
    isEmpty = false;
  }
  return [...lines, current.trimEnd()];
}

/** Three figures of the largest amount, three decimals at least, nano-dollars at most. */
function decimalsFor(amounts: readonly NanoUsd[]): number {
  const largest = amounts.reduce<NanoUsd>((most, amount) => (magnitude(amount) > most ? magnitude(amount) : most), 0n);
  if (largest === 0n) return 3;
  return Math.min(NANO_DIGITS, Math.max(3, NANO_DIGITS + 3 - largest.toString().length));
}

/** In units of the last decimal shown, halves up. */
function rounded(amount: NanoUsd, decimals: number): bigint {
  const unit = 10n ** BigInt(NANO_DIGITS - decimals);
  const half = unit / 2n;
  return amount >= 0n ? (amount + half) / unit : -((-amount + half) / unit);
}

function text(units: bigint, decimals: number): string {
  const digits = magnitude(units)
    .toString()
    .padStart(decimals + 1, "0");
  return `${units < 0n ? "-" : ""}${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`;
}

function trimmed(amount: NanoUsd): string {
  const whole = text(amount, NANO_DIGITS);
  const [units = "0", fraction = ""] = whole.split(".");
  return `${units}.${fraction.replace(/0{1,7}$/, "")}`;
}

function magnitude(amount: bigint): bigint {
  return amount < 0n ? -amount : amount;
}
