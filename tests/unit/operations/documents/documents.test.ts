import { describe, expect, test } from "vitest";
import { AppError } from "../../../../lib/core/errors.ts";
import type { JsonValue } from "../../../../lib/core/json.ts";
import { answerDocument } from "../../../../lib/operations/documents/answerDocument.ts";
import { htmlText } from "../../../../lib/operations/documents/htmlText.ts";
import { mailText } from "../../../../lib/operations/documents/mailText.ts";
import { pdfText } from "../../../../lib/operations/documents/pdfText.ts";
import { readDocument } from "../../../../lib/operations/documents/readDocument.ts";
import { MAX_DOCUMENT_BYTES, recogniseDocument, type RecognisedDocument } from "../../../../lib/operations/documents/recogniseDocument.ts";
import { ManualClock } from "../../../../lib/testing/ManualClock.ts";
import { linesPdf, packedPdf, pdfOf } from "./pdfOf.ts";

const mail = `Return-Path: <ada@example.com>
Message-ID: <m1@example.com>
From: Ada <ada@example.com>
To: Ben <ben@example.com>, cy@example.com
Date: Mon, 2 Mar 2026 10:00:00 +0000
Subject: Invoice A-17
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8

Total: 240.50
Thanks, Ada`;

const base64 = (text: string | Buffer): string => Buffer.from(text).toString("base64");

describe("recogniseDocument", () => {
  test.each<[string, JsonValue, string | null]>([
    ["plain text", "Total: 12", null],
    ["a number", 12, null],
    ["a list", [1], null],
    ["an object without content", { total: 1 }, null],
    ["CSV", { content: "a,b\n1,2", media_type: "text/csv" }, null],
    ["text that only mentions headers", "From: Ada\nTo: Ben\nplain words here", null],
    ["headers without what only mail has", "From: Ada\nTo: Ben\nDate: today\n\nHello", null],
    ["mail", mail, "mail"],
    ["mail in an object", { content: "no headers at all", filename: "note.eml" }, "mail"],
    ["mail in base64", { content_base64: base64(mail), content_type: "message/rfc822; charset=x" }, "mail"],
    ["a page", "  <!DOCTYPE html><p>x</p>", "html"],
    ["part of a page", "<table><tr><td>1</td></tr></table>", "html"],
    ["a page by its name", { body: "Total: 3", path: "reports/a.HTML" }, "html"],
    ["a page in a data URL", `data:text/html;base64,${base64("<p>x</p>")}`, "html"],
    ["a PDF in base64", base64(linesPdf("x")), "pdf"],
    ["a PDF in a data URL", `data:application/pdf;base64,${base64(linesPdf("x"))}`, "pdf"],
    ["a PDF in a data URL of no type", `data:application/octet-stream;base64,${base64(linesPdf("x"))}`, "pdf"],
    ["a picture in a data URL", `data:image/png;base64,${base64("png")}`, null],
    ["a PDF as text", "%PDF-1.4 …", "pdf"],
    ["a PDF in an object", { data: base64("%PD"), mime_type: "application/pdf" }, null],
    ["a PDF by its type", { data: base64("not yet read"), mime_type: "application/pdf" }, "pdf"],
  ])("sees in %s what it is", (_what, value, kind) => {
    expect(recogniseDocument(value)?.kind ?? null).toBe(kind);
  });
});

test("recogniseDocument is linear in what is nearly base64", () => {
  const startedMs = performance.now();
  recogniseDocument({ media_type: "message/rfc822", content: `AAAAAAAA${" ".repeat(1_000_000)}!` });
  recogniseDocument({ media_type: "message/rfc822", content: `AAAAAAAA${" =".repeat(500_000)}` });

  expect(performance.now() - startedMs).toBeLessThan(2_000);
});

describe("htmlText", () => {
  test("gives blocks as lines, rows with bars, definitions with colons, and nothing that is hidden", () => {
    const page = `<html><head><title>x</title><style>p{}</style></head><body><h1>Invoice  A-17</h1><script>alert(1)</script>
      <dl><dt>Total</dt><dd>240.50</dd><dt>Due:</dt><dd>now</dd></dl>
      <table><tr><th>Item</th><th>Price</th></tr><tr><td>Ink &amp; pen</td><td>12</td></tr></table>one<br>two</body>`;

    expect(htmlText(page).split("\n")).toEqual([
      "Invoice A-17",
      "Total: 240.50",
      "Due: now",
      "Item | Price",
      "Ink & pen | 12",
      "one",
      "two",
    ]);
  });

  test("takes text without any tag, and tags without an end", () => {
    expect(htmlText("Total: 3 < 4")).toBe("Total: 3 < 4");
    expect(htmlText("<head><title>t</title><p>a<head>b")).toBe("a");
    expect(htmlText("<nav>a</nav><p>b\nc<footer>d", { isProse: true })).toBe("b c");
    expect(htmlText("</style><p>a<div>b")).toBe("a\nb");
    expect(htmlText("a<svg/>b<svg><svg>x</svg>y</svg>c")).toBe("abc");
  });

  test.each(["<div>", "<td>", "<dd>", "<svg>", "</p>"])("is linear in a page that is nothing but %s", (tag) => {
    const startedMs = performance.now();
    htmlText(tag.repeat(300_000));

    expect(performance.now() - startedMs).toBeLessThan(5_000);
  });
});

describe("mailText", () => {
  test("gives headers, text and the names of what is attached", async () => {
    const lines = (await mailText(mail)).split("\n");
    expect(lines.slice(0, 4)).toEqual([
      `From: "Ada" <ada@example.com>`,
      `To: "Ben" <ben@example.com>, cy@example.com`,
      "Date: 2026-03-02T10:00:00.000Z",
      "Subject: Invoice A-17",
    ]);
    expect(lines.slice(-2)).toEqual(["Total: 240.50", "Thanks, Ada"]);
  });

  test("reads HTML where there is no text, and names attachments without opening them", async () => {
    const parts = `From: a@example.com\nSubject: x\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=B\n\n--B\nContent-Type: text/html\n\n<p>Total: <b>9</b></p>\n--B\nContent-Type: application/pdf; name=bill.pdf\nContent-Disposition: attachment; filename=bill.pdf\nContent-Transfer-Encoding: base64\n\nJVBERi0=\n--B\nContent-Type: text/plain\nContent-Disposition: attachment\n\nx\n--B--\n`;
    expect(await mailText(Buffer.from(parts))).toBe("From: a@example.com\nSubject: x\nAttachments: bill.pdf, unnamed\n\nTotal: 9");
    expect(await mailText("Subject: empty\n\n")).toBe("Subject: empty");
  });
});

describe("pdfText", () => {
  test("gives lines from the top, columns apart, pages one after the other", async () => {
    const first = [
      { text: "Item", x: 50, y: 700 },
      { text: "Price", x: 300, y: 700 },
      { text: "240.50", x: 300, y: 680 },
      { text: "Ink", x: 50, y: 680 },
      { text: "Invoice", x: 50, y: 750 },
      { text: "A-17", x: 95, y: 752 },
      { text: " ", x: 10, y: 10 },
    ];
    const { text, pages } = await pdfText(pdfOf(first, [{ text: "second", x: 10, y: 10 }]));

    expect(pages).toBe(2);
    expect(text.split("\n")).toEqual(["Invoice A-17", "Item   Price", "Ink   240.50", "", "second"]);
  });

  test("reads columns that touch and letters set apart, lines of odd heights, and stops at a bound", async () => {
    const { text } = await pdfText(
      pdfOf([
        { text: "To", x: 50, y: 700 },
        { text: "tal ", x: 63, y: 700 },
        { text: "12", x: 90, y: 703 },
      ]),
    );
    expect(text).toBe("Total 12");
  });

  test("gives nothing for a page of nothing", async () => {
    expect(await pdfText(pdfOf([]))).toEqual({ text: "", pages: 1 });
  });
});

describe("answerDocument", () => {
  test.each<[RecognisedDocument["kind"], string, Buffer]>([
    ["pdf", linesPdf("x").toString("latin1"), linesPdf("x")],
    ["html", "<p>x</p>", Buffer.from("<p>x</p>")],
    ["mail", "Subject: x\n\nx", Buffer.from("Subject: x\n\nx")],
  ])("reads %s from text and from bytes", async (kind, text, bytes) => {
    const fromText = await answerDocument({ kind, content: text });
    expect(fromText).toMatchObject({ read: { text: expect.stringContaining("x") as string } });
    expect(await answerDocument({ kind, content: bytes })).toEqual(fromText);
  });

  test("answers with a fault instead of rejecting", async () => {
    expect(await answerDocument({ kind: "pdf", content: "no PDF" })).toEqual({ fault: expect.any(String) as string });
    const evil = {
      kind: "html",
      get content(): string {
        throw new Error("gone");
      },
    } as unknown as RecognisedDocument;
    expect(await answerDocument(evil)).toEqual({ fault: "gone" });
  });
});

describe("readDocument", () => {
  test("reads each kind in a thread of its own, and small pages at once", async () => {
    const read = async (value: JsonValue): Promise<JsonValue> => {
      const document = recogniseDocument(value);
      if (document === null) throw new Error("no document");
      return (await readDocument(document)) as unknown as JsonValue;
    };

    expect(await read(base64(linesPdf("Total: 3")))).toEqual({ text: "Total: 3", pages: 1 });
    expect(await read("<p>x</p><div>y</div>".replace("<p>", "<section>"))).toEqual({ text: "x\ny", pages: null });
    expect(await read(`<main>${"<p>word</p>".repeat(20_000)}</main>`)).toMatchObject({ pages: null });
    expect(await read(`data:text/html;base64,${base64("<p>z</p>")}`)).toEqual({ text: "z", pages: null });
    expect(await read(mail)).toMatchObject({ pages: null, text: expect.stringContaining("Total: 240.50") as string });
  });

  test("says why a document cannot be read: damaged, too large, too slow", async () => {
    const faultOf = async (work: Promise<unknown>): Promise<AppError> => {
      const thrown: unknown = await work.catch((error: unknown) => error);
      if (AppError.is(thrown, "DOCUMENT_UNREADABLE")) return thrown;
      throw new Error("it was read");
    };
    expect((await faultOf(readDocument({ kind: "pdf", content: Buffer.from("%PDF-1.4 broken") }))).message).toMatch(
      /^the pdf could not be read: \S/,
    );
    const tooLarge = { kind: "pdf", content: { length: MAX_DOCUMENT_BYTES + 1 } as unknown as Uint8Array } as const;
    expect((await faultOf(readDocument(tooLarge))).message).toContain("50000001 bytes, at most 50000000");
    const clock = new ManualClock();
    const slow = faultOf(readDocument({ kind: "pdf", content: linesPdf("x") }, { clock, limitMs: 5 }));
    await clock.advance(5);
    expect((await slow).message).toContain("not read within 5 ms");
  });

  test("ends the reading of a small file that unpacks to hundreds of megabytes", async () => {
    const file = await packedPdf(400);
    expect(file.byteLength).toBeLessThan(1_000_000);

    await expect(readDocument({ kind: "pdf", content: file })).rejects.toThrow("it takes more than 512 MiB of memory");
  }, 60_000);

  test("stops reading when it is aborted", async () => {
    const abort = new AbortController();
    const reading = readDocument({ kind: "pdf", content: linesPdf("x") }, { signal: abort.signal });
    abort.abort(new Error("stopped"));
    await expect(reading).rejects.toThrow("stopped");
    await expect(readDocument({ kind: "mail", content: mail }, { signal: AbortSignal.abort(new Error("before")) })).rejects.toThrow(
      "before",
    );
  });
});
