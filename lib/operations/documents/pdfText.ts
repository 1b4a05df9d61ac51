// The text layer of a PDF as lines: what stands at one height is a line, wide gaps part its columns. Pictures are not read.

interface Piece {
  readonly text: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface PdfText {
  readonly text: string;
  readonly pages: number;
}

const MAX_PAGES = 500;
const MAX_CHARACTERS = 2_000_000;

/** @throws Error of the parser for a file that is damaged or encrypted */
export async function pdfText(bytes: Uint8Array): Promise<PdfText> {
  const { getDocumentProxy } = await import("unpdf");
  const pdf = await getDocumentProxy(new Uint8Array(bytes), { disableFontFace: true, useSystemFonts: false, verbosity: 0 });
  const lines: string[] = [];
  let length = 0;
  for (let number = 1; number <= Math.min(pdf.numPages, MAX_PAGES) && length < MAX_CHARACTERS; number += 1) {
    const page = await pdf.getPage(number);
    const { items } = await page.getTextContent();
    const pieces = items.flatMap((item): Piece[] => {
      if (!("str" in item) || item.str.trim() === "") return [];
      const [, , , scale = 0, x = 0, y = 0] = item.transform as readonly number[];
      return [{ text: item.str, x, y, width: item.width, height: Math.abs(scale) || item.height }];
    });
    const pageLines = linesOf(pieces);
    lines.push(...pageLines, "");
    length += pageLines.join("\n").length;
  }
  return { text: lines.join("\n").trim().slice(0, MAX_CHARACTERS), pages: pdf.numPages };
}

/** From top to bottom, each from left to right. */
function linesOf(pieces: readonly Piece[]): string[] {
  const rows: Piece[][] = [];
  for (const piece of pieces.toSorted((left, right) => right.y - left.y || left.x - right.x)) {
    const row = rows.at(-1);
    const first = row?.[0];
    if (row !== undefined && first !== undefined && Math.abs(first.y - piece.y) <= Math.max(first.height, 1) / 2) row.push(piece);
    else rows.push([piece]);
  }
  return rows.map((row) => joinRow(row.toSorted((left, right) => left.x - right.x)));
}

function joinRow(row: readonly Piece[]): string {
  let text = "";
  let end: number | null = null;
  for (const piece of row) {
    const gap = end === null ? 0 : piece.x - end;
    const size = Math.max(piece.height, 1);
    // A column is further away than words are, which are further away than letters.
    const space = gap > size * 1.5 ? "   " : gap > size * 0.15 && !text.endsWith(" ") ? " " : "";
    text += space + piece.text;
    end = piece.x + piece.width;
  }
  return text.trimEnd();
}
