// A mail as lines: its headers, its text (HTML only where there is no other), names of what is attached. Attachments themselves are not opened.
import type { AddressObject } from "mailparser";
import { htmlText } from "./htmlText.ts";

/** @throws Error of the parser for what is no mail at all */
export async function mailText(source: string | Uint8Array): Promise<string> {
  // It takes a tenth of a second to load, which most executions need not spend.
  const { simpleParser } = await import("mailparser");
  const mail = await simpleParser(typeof source === "string" ? source : Buffer.from(source), {
    skipHtmlToText: true,
    skipTextToHtml: true,
    skipImageLinks: true,
    skipTextLinks: true,
  });
  const headers = [
    header("From", addresses(mail.from)),
    header("To", addresses(mail.to)),
    header("Cc", addresses(mail.cc)),
    header("Date", mail.date?.toISOString()),
    header("Subject", mail.subject),
    header("Message-ID", mail.messageId),
    header("Attachments", mail.attachments.map(({ filename = "unnamed" }) => filename).join(", ")),
  ];
  const body = mail.text ?? (typeof mail.html === "string" ? htmlText(mail.html) : "");
  return [...headers.flat(), "", body.trim()].join("\n").trim();
}

function header(name: string, value: string | undefined): string[] {
  return value === undefined || value === "" ? [] : [`${name}: ${value.replaceAll(/\s+/g, " ")}`];
}

function addresses(found: AddressObject | AddressObject[] | undefined): string {
  return [found ?? []]
    .flat()
    .map(({ text }) => text)
    .join(", ");
}
