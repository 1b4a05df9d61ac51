// Reads one mail address; the only way for an address into a header or an envelope. Does not ask whether it exists.
import { domainToASCII } from "node:url";
import { z } from "zod";

export interface MailAddress {
  /** Empty: none was given. */
  readonly name: string;
  readonly address: string;
}

/** RFC 5321 allows 64 and 255 octets. */
const MAX_LOCAL_CHARACTERS = 64;
const MAX_ADDRESS_CHARACTERS = 254;
const MAX_NAME_CHARACTERS = 200;
const LOCAL = /^[^\s<>()[\]\\,;:@"\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+$/u;
const DOMAIN = /^[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?$/;
/** Line ends above all: with one, a text becomes a header of its own. */
const UNPRINTABLE = /[\p{Cc}\p{Zl}\p{Zp}]/u;

/** `name@host` or `Name <name@host>`, exactly one; null for anything else. */
export function parseAddress(text: string): MailAddress | null {
  if (text.length > MAX_NAME_CHARACTERS + MAX_ADDRESS_CHARACTERS || UNPRINTABLE.test(text)) return null;
  const trimmed = text.trim();
  const open = trimmed.lastIndexOf("<");
  const isNamed = open >= 0 && trimmed.endsWith(">");
  const address = checkAddress(isNamed ? trimmed.slice(open + 1, -1) : trimmed);
  if (address === null) return null;
  const name = isNamed ? unquote(trimmed.slice(0, open).trim()) : "";
  return name.length > MAX_NAME_CHARACTERS || name.includes("<") || name.includes(">") ? null : { name, address };
}

function checkAddress(text: string): string | null {
  const at = text.lastIndexOf("@");
  const [local, host] = [text.slice(0, Math.max(at, 0)), text.slice(at + 1)];
  if (local === "" || local.length > MAX_LOCAL_CHARACTERS || !LOCAL.test(local)) return null;
  const domain = domainToASCII(host);
  if (!DOMAIN.test(domain) || domain.includes("..") || domain.length + local.length + 1 > MAX_ADDRESS_CHARACTERS) return null;
  return `${local}@${domain}`;
}

function unquote(name: string): string {
  return name.length >= 2 && name.startsWith('"') && name.endsWith('"') ? name.slice(1, -1) : name;
}

/** A text for one line of a header. */
export function lineText(maxCharacters: number) {
  return z
    .string()
    .max(maxCharacters)
    .refine((text) => !UNPRINTABLE.test(text), "holds a line end or another control character");
}

export const addressText = z
  .string()
  .refine((text) => parseAddress(text) !== null, "is not one mail address such as ann@example.com or Ann <ann@example.com>")
  .describe("ann@example.com or Ann <ann@example.com>");
