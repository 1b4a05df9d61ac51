// A small PDF made by hand: lines of text pieces at stated places, or nothing but an empty page, or one that unpacks to far more.
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { createDeflate } from "node:zlib";

export interface PlacedText {
  readonly text: string;
  readonly x: number;
  readonly y: number;
}

/** One page per list. */
export function pdfOf(...pages: readonly (readonly PlacedText[])[]): Buffer {
  const objects: string[] = [];
  const add = (body: string): number => objects.push(body);
  const catalog = add("<< /Type /Catalog /Pages 2 0 R >>");
  const kids = pages.map((_page, index) => `${4 + index * 2} 0 R`);
  add(`<< /Type /Pages /Kids [${kids.join(" ")}] /Count ${pages.length} >>`);
  add("<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>");
  for (const page of pages) {
    const number = add(
      `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Resources << /Font << /F1 3 0 R >> >> /Contents ${objects.length + 2} 0 R >>`,
    );
    const stream = page.map(({ text, x, y }) => `BT /F1 12 Tf ${x} ${y} Td (${text.replaceAll(/[()\\]/g, "\\$&")}) Tj ET`).join("\n");
    add(`<< /Length ${stream.length} >>\nstream\n${stream}\nendstream`);
    if (number === 0) throw new Error("no page");
  }
  return fileOf(objects, catalog);
}

function fileOf(objects: readonly string[], catalog: number): Buffer {
  let file = "%PDF-1.4\n";
  const offsets = objects.map((body, index) => {
    const offset = file.length;
    file += `${index + 1} 0 obj\n${body}\nendobj\n`;
    return offset;
  });
  const start = file.length;
  const rows = offsets.map((offset) => `${String(offset).padStart(10, "0")} 00000 n \n`).join("");
  file += `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${rows}trailer\n<< /Size ${objects.length + 1} /Root ${catalog} 0 R >>\nstartxref\n${start}\n%%EOF\n`;
  return Buffer.from(file, "latin1");
}

/** Lines from the top of one page. */
export function linesPdf(...lines: readonly string[]): Buffer {
  return pdfOf(lines.map((text, index) => ({ text, x: 50, y: 750 - index * 20 })));
}

/** One page whose content is nothing but so many million spaces. */
export async function packedPdf(megabytes: number): Promise<Buffer> {
  const chunk = Buffer.alloc(1_000_000, 32);
  const packed = await buffer(Readable.from(Array.from({ length: megabytes }, () => chunk)).pipe(createDeflate()));
  return fileOf(
    [
      "<< /Type /Catalog /Pages 2 0 R >>",
      "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
      "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Resources << >> /Contents 4 0 R >>",
      `<< /Length ${packed.byteLength} /Filter /FlateDecode >>\nstream\n${packed.toString("latin1")}\nendstream`,
    ],
    1,
  );
}
