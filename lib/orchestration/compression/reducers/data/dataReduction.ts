// Units of data as a Reduction: places, markers with true numbers, totals once rows are cut. It chooses nothing.
import type { PayloadType, ReduceContext, Reduction, Unit } from "../../types.ts";
import type { DataUnit } from "./layTable.ts";

/** A marker costs about this many characters; shorter gaps are shown instead. */
const MARKER_CHARS = 18;
/** Totals say what cut rows hold; they stand in a view that saves this many times their length by the cut. */
const WORTH_TOTALS = 3;
const MOST_DROPPED = 24;
const MOST_DROPPED_CHARS = 240;

interface Parts {
  readonly type: PayloadType;
  readonly units: readonly DataUnit[];
  readonly dropped: readonly string[];
}

function placed(units: readonly DataUnit[]): Unit[] {
  let at = 0;
  return units.map(({ text, parent, pin, weight, covers }) => {
    const from = at;
    at += covers;
    return { text, from, to: at, weight, ...(parent === undefined ? {} : { parent }), ...(pin === undefined ? {} : { pin }) };
  });
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

function gapText(cut: readonly DataUnit[]): string {
  const rows = cut.filter(({ kind }) => kind === "row").length;
  const fields = cut.filter(({ kind }) => kind === "field").length;
  return [...(rows > 0 ? [plural(rows, "row")] : []), ...(fields > 0 ? [plural(fields, "field")] : [])].join(" and ");
}

/** By heading: characters of the rows under it that are not kept, less those of the markers in their place. */
function charsCutBelow(units: readonly DataUnit[], kept: ReadonlySet<number>): Map<number, number> {
  const chars = new Map<number, number>();
  for (const [index, unit] of units.entries()) {
    if (kept.has(index) || unit.kind !== "row") continue;
    const saved = unit.text.length + 1 - (index === 0 || kept.has(index - 1) ? MARKER_CHARS : 0);
    for (let at = unit.parent; at !== undefined; at = units[at]?.parent) chars.set(at, (chars.get(at) ?? 0) + saved);
  }
  return chars;
}

function render(units: readonly DataUnit[], kept: ReadonlySet<number>, context: ReduceContext, droppedLine: string | null): string {
  const out: string[] = [];
  const cutChars = charsCutBelow(units, kept);
  for (let index = 0; index < units.length;) {
    const unit = units[index];
    if (unit === undefined) break;
    if (kept.has(index)) {
      out.push(unit.text);
      if (unit.totals !== undefined && (cutChars.get(index) ?? 0) > WORTH_TOTALS * unit.totals.length)
        out.push(context.mark.marker(context.mark.escape(unit.totals)));
      index += 1;
      continue;
    }
    let end = index;
    let chars = 0;
    for (; end < units.length && !kept.has(end); end += 1) chars += (units[end]?.text.length ?? 0) + 1;
    const cut = units.slice(index, end);
    const text = gapText(cut);
    if (chars <= MARKER_CHARS) out.push(...cut.map((one) => one.text));
    else if (text !== "") out.push(context.mark.marker(`${text} cut`));
    index = end;
  }
  if (droppedLine !== null) out.push(droppedLine);
  return out.join("\n");
}

function droppedText(dropped: readonly string[]): string | null {
  if (dropped.length === 0) return null;
  let text = "";
  let count = 0;
  for (const name of dropped.slice(0, MOST_DROPPED)) {
    if (text.length + name.length > MOST_DROPPED_CHARS) break;
    text += `${count === 0 ? "" : ", "}${name}`;
    count += 1;
  }
  return `not shown: ${text}${count < dropped.length ? `${count === 0 ? "" : " and "}${dropped.length - count} more` : ""}`;
}

/** null: it gains nothing. */
export function dataReduction(content: string, { type, units, dropped }: Parts, context: ReduceContext): Reduction | null {
  if (units.length === 0) return null;
  const names = [...new Set(dropped.map((path) => path.replaceAll(/\[\d+\]\.?/g, "")))];
  const line = droppedText(names);
  const droppedLine = line === null ? null : context.mark.marker(context.mark.escape(line));
  const all = new Set(units.keys());
  const whole = render(units, all, context, droppedLine);
  if (whole.length > content.length || (whole.length === content.length && (context.level < 2 || units.length < 3))) return null;
  const rows = units.filter(({ kind }) => kind === "row").length;
  return {
    type,
    noun: rows > 0 ? ["row", "rows"] : ["field", "fields"],
    units: placed(units),
    dropped: names,
    lossless: false,
    render: (kept) => (kept.size === units.length ? whole : render(units, kept, context, droppedLine)),
  };
}
