// CSV reducer: padding and empty columns out, equal values said once, rows as units with totals over all of them.
import type { ReduceContext, Reducer, Reduction } from "../types.ts";
import { dataReduction } from "./data/dataReduction.ts";
import { layTable } from "./data/layTable.ts";
import { LongTexts } from "./data/longText.ts";
import { numberOf } from "./data/columnFacts.ts";
import { parseCsv } from "./data/parseCsv.ts";
import { dataTermsOf, termsFor } from "./data/taskTerms.ts";

const LARGEST_CHARS = 16_000_000;
const MOST_COLUMNS = 400;
const MOST_RAGGED = 0.2;

/** Names, each once, for most columns; no numbers. */
function isHeader(cells: readonly string[]): boolean {
  const names = cells.filter((cell) => cell !== "");
  return names.length >= cells.length / 2 && names.every((name) => Number.isNaN(numberOf(name))) && new Set(names).size === names.length;
}

function reduceCsv(content: string, context: ReduceContext): Reduction | null {
  if (context.level === 0 || content.length > LARGEST_CHARS) return null;
  const rows = parseCsv(content);
  const first = rows[0];
  if (first === undefined || rows.length < 3 || first.length < 2 || first.length > MOST_COLUMNS) return null;
  const ragged = rows.filter((row) => row.length !== first.length).length;
  // A view of ours has columns in its header that no row repeats.
  if (ragged > MOST_RAGGED * rows.length || context.mark.escape(content) !== content) return null;
  const hasHeader = isHeader(first);
  const columns = first.map((name, index) => (hasHeader && name !== "" ? name : `column ${index + 1}`));
  const texts = new LongTexts(context);
  const cells = (hasHeader ? rows.slice(1) : rows).map((row) =>
    columns.map((_name, index) => texts.shorten(row[index] ?? "").replaceAll(/\s+/g, " ")),
  );
  const terms = termsFor(dataTermsOf(context), columns);
  const { units, dropped } = layTable({ name: "", columns, rows: cells }, { prefix: "", context, terms });
  return dataReduction(content, { type: "csv", units, dropped }, context);
}

export const csvReducer: Reducer = { types: ["csv"], reduce: reduceCsv };
