// Mails, threads and mailboxes written for these tests: own words stay, repetition and transport go.
import { describe, expect, it } from "vitest";
import { emailReducer } from "../../../../../lib/orchestration/compression/reducers/email.ts";
import { brokenPromises, pinnedView, reduce, viewOf, wholeView } from "../reducing.ts";

const HEADERS = (from: string, subject: string, day: number): string =>
  `Return-Path: <bounce@example.org>\nReceived: from mail.example.org (mail [10.0.0.1])\n\tby host.example.org; Mon, ${day} Mar 2031 10:00:00 +0000\nX-Spam-Score: 0.1\nFrom: ${from}\nTo: list@example.org\nSubject: ${subject}\nDate: Mon, ${day} Mar 2031 10:00:00 +0000\nMessage-ID: <m${day}@example.org>\n`;

const FIRST = `${HEADERS("Ada <ada@example.org>", "Pump 7 leaks", 3)}
The pump in hall 4 loses 3 litres an hour since Monday.
Could somebody order the seal with number SL-4711?

Thanks
Ada
-- 
Ada Moor
Harbour Works, +44 20 7946 0011
"Plumbing is poetry"
`;
const SECOND = `${HEADERS("Bob <bob@example.org>", "Re: Pump 7 leaks", 4)}
On Mon, 3 Mar 2031 Ada wrote:

> The pump in hall 4 loses 3 litres an hour since Monday.

That is the old seal, I saw it last week.

> Could somebody order the seal with number SL-4711?

Ordered, it comes on Thursday.

_______________________________________________
list mailing list
list@example.org
https://example.org/mailman/listinfo/list
`;
const MAILBOX = `From ada@example.org Mon Mar  3 10:00:00 2031\n${FIRST}\nFrom bob@example.org Tue Mar  4 10:00:00 2031\n${SECOND}`;

describe("the e-mail reducer", () => {
  it("keeps the headers a reader needs and drops those of transport", () => {
    const view = viewOf(emailReducer, FIRST);
    for (const text of ["From: Ada <ada@example.org>", "To: list@example.org", "Subject: Pump 7 leaks", "Date: Mon, 3 Mar 2031"])
      expect(view).toContain(text);
    for (const text of ["Received", "X-Spam", "Return-Path", "Message-ID"]) expect(view).not.toContain(text);
    expect(viewOf(emailReducer, FIRST, { task: "Give the message ids" })).toContain("<m3@example.org>");
  });

  it("keeps inline replies under quotes and folds quotes that stand elsewhere in the thread", () => {
    const view = viewOf(emailReducer, MAILBOX);
    expect(view).toContain("That is the old seal");
    expect(view).toContain("Ordered, it comes on Thursday.");
    expect(view.split("loses 3 litres").length).toBe(2);
    expect(view).toContain("From: Bob");
  });

  it("keeps a quote that stands nowhere else", () => {
    expect(viewOf(emailReducer, SECOND)).toContain("loses 3 litres");
    expect(viewOf(emailReducer, SECOND)).toContain("SL-4711");
  });

  it("recognises a quote that was wrapped anew", () => {
    const wrapped = SECOND.replace(
      "> The pump in hall 4 loses 3 litres an hour since Monday.",
      "> The pump in hall 4 loses\n> 3 litres an hour since Monday.",
    );
    expect(viewOf(emailReducer, `${FIRST}\n${"-".repeat(60)}\n${wrapped}`).split("litres an hour").length).toBe(2);
  });

  it("shortens a signature to who and how to reach them, and drops list footers", () => {
    const view = viewOf(emailReducer, MAILBOX);
    expect(view).toContain("+44 20 7946 0011");
    expect(view).not.toContain("poetry");
    expect(view).not.toContain("listinfo");
  });

  it("decodes encoded words, quoted-printable and base64, and names attachments", () => {
    const mail = `From: =?utf-8?Q?Zo=C3=AB?= <zoe@example.org>\nSubject: =?utf-8?B?${Buffer.from("Grüße aus Köln").toString("base64")}?=\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="b1"\n\n--b1\nContent-Type: multipart/alternative; boundary=b2\n\n--b2\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\nDie Rechnung =C3=BCber 1.250 =E2=82=AC liegt bei, bitte bis Freitag zah=\nlen.\n--b2\nContent-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: base64\n\n${Buffer.from("<p>HTML of the same</p>").toString("base64")}\n--b2--\n--b1\nContent-Type: application/pdf; name="rechnung.pdf"\nContent-Disposition: attachment; filename="rechnung.pdf"\nContent-Transfer-Encoding: base64\n\n${"JVBERi0xLjQKJcfs".repeat(40)}\n--b1--\n`;
    const view = viewOf(emailReducer, mail);
    for (const text of [
      "From: Zoë",
      "Subject: Grüße aus Köln",
      "über 1.250 € liegt bei",
      "bis Freitag zahlen",
      "Attachments: rechnung.pdf",
    ])
      expect(view).toContain(text);
    expect(view).not.toContain("JVBER");
    expect(view).not.toContain("HTML of the same");
  });

  it("reads a mail that is HTML only as its text", () => {
    const mail = `From: shop@example.org\nTo: ada@example.org\nSubject: Order 9\nContent-Type: text/html\n\n<html><head><style>p{}</style></head><body><p>Your order 9 ships on 5 May.</p><img src="https://t.example.org/pixel.gif" width=1></body></html>`;
    const view = viewOf(emailReducer, mail);
    expect(view).toContain("Your order 9 ships on 5 May.");
    expect(view).not.toContain("<p>");
    expect(view).not.toContain("pixel");
  });

  it("splits a thread that is separated by rules only and pins each head", () => {
    const reduction = reduce(emailReducer, `${FIRST}\n${"-".repeat(60)}\n${SECOND}`);
    expect(reduction.units.filter(({ pin }) => pin === "structure").map(({ text }) => /From: (\w+)/.exec(text)?.[1])).toEqual([
      "Ada",
      "Bob",
    ]);
  });

  it("says a thread's subject once and pins who wrote when, not to whom", () => {
    const reduction = reduce(emailReducer, MAILBOX);
    expect(wholeView(reduction).split("Subject:").length).toBe(2);
    expect(pinnedView(reduction)).toContain("From: Bob <bob@example.org>\nDate: Mon, 4 Mar 2031 10:00:00 +0000");
    expect(pinnedView(reduction)).not.toContain("To: list@example.org");
    expect(wholeView(reduction).split("To: list@example.org").length).toBe(3);
  });

  it("drops legal footers but no sentence that only mentions secrecy", () => {
    const mail =
      `${FIRST}\n\nThis e-mail and any attachment is confidential and intended solely for the addressee. If you are not the intended recipient, delete it.\n`.replace(
        "-- \nAda Moor",
        "The tender is secret until May.\nAda Moor",
      );
    const view = viewOf(emailReducer, mail);
    expect(view).toContain("The tender is secret until May.");
    expect(view).not.toContain("intended recipient");
  });

  it("keeps the items of a list apart", () => {
    const mail = `${FIRST.split("\n\n")[0] ?? ""}\n\nThis is what we agreed upon yesterday at the meeting in the old hall:\n- Bob orders the seal before the end of this week\n- Ada closes the valve\n${"and every single one of us reads the manual of the pump once more. ".repeat(3)}\n`;

    expect(viewOf(emailReducer, mail)).toMatch(/hall:\n- Bob orders[^\n]*\n- Ada closes the valve/);
  });

  it("keeps its promises", () => {
    for (const mail of [FIRST, SECOND, MAILBOX, `${FIRST}\n${"-".repeat(60)}\n${SECOND}`])
      expect(brokenPromises(emailReducer, mail, "When does the seal come?")).toEqual([]);
  });
});
