// Lays rows out in columns. Pure text in, text out; colours are put on by output.ts.
import { cutText, printable, textWidth } from "./textWidth.ts";

export interface Column<Row> {
  readonly title: string;
  readonly value: (row: Row) => string;
  readonly align?: "right";
  /** Gives way first when the table is wider than the screen. The smallest width it keeps. */
  readonly shrinkTo?: number;
  /** Where it is cut: two step paths differ in their middle least. */
  readonly cutAt?: "middle";
}

const GAP = "  ";

/**
 * @param maxWidth columns of the screen; undefined when piped: nothing is cut then
 * @returns the head line and one line a row, without trailing spaces
 */
export function layOutTable<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  maxWidth?: number,
): { readonly head: string; readonly lines: readonly string[] } {
  const cells = rows.map((row) => columns.map((column) => printable(column.value(row))));
  const widths = columns.map((column, index) => Math.max(textWidth(column.title), ...cells.map((line) => textWidth(line[index] ?? ""))));
  if (maxWidth !== undefined) shrink(widths, columns, maxWidth);
  const toLine = (line: readonly string[]): string =>
    columns
      .map((column, index) => {
        const width = widths[index] ?? 0;
        const text = maxWidth === undefined ? (line[index] ?? "") : cutText(line[index] ?? "", width, column.cutAt ?? "end");
        const padding = " ".repeat(Math.max(width - textWidth(text), 0));
        return column.align === "right" ? padding + text : text + padding;
      })
      .join(GAP)
      .trimEnd();
  return { head: toLine(columns.map((column) => column.title)), lines: cells.map(toLine) };
}

function shrink<Row>(widths: number[], columns: readonly Column<Row>[], maxWidth: number): void {
  const total = (): number => widths.reduce((sum, width) => sum + width, 0) + GAP.length * (widths.length - 1);
  for (let excess = total() - maxWidth; excess > 0; excess = total() - maxWidth) {
    // The widest column that may still give way loses one column's worth at a time: long ones end up equally long.
    let widest = -1;
    columns.forEach((column, index) => {
      if (column.shrinkTo === undefined || (widths[index] ?? 0) <= column.shrinkTo) return;
      if (widest === -1 || (widths[index] ?? 0) > (widths[widest] ?? 0)) widest = index;
    });
    if (widest === -1) return;
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
}
