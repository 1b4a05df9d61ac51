// Decodes what mail puts around text: encoded words, quoted-printable, base64, character sets. Synchronous and small; it parses no structure.

/** Only these are named in mails that we have to read; all others are read as Latin-1, which loses no byte. */
function decodeBytes(bytes: Uint8Array, charset: string): string {
  const label = charset.toLowerCase().replaceAll(/["' ]/g, "");
  try {
    return new TextDecoder(label === "" || label === "us-ascii" ? "utf-8" : label).decode(bytes);
  } catch {
    return new TextDecoder("windows-1252").decode(bytes);
  }
}

function hexValue(code: number): number {
  if (code >= 48 && code <= 57) return code - 48;
  if (code >= 65 && code <= 70) return code - 55;
  if (code >= 97 && code <= 102) return code - 87;
  return -1;
}

/** Quoted-printable to bytes; characters beyond one byte (a body that was decoded before) pass as UTF-8. */
function quotedPrintableBytes(text: string): Uint8Array {
  const source = Buffer.from(text, "utf8");
  const bytes = new Uint8Array(source.length);
  let length = 0;
  for (let index = 0; index < source.length; index++) {
    const code = source[index] ?? 0;
    if (code !== 61) {
      bytes[length++] = code;
      continue;
    }
    const high = hexValue(source[index + 1] ?? 0);
    const low = hexValue(source[index + 2] ?? 0);
    if (high >= 0 && low >= 0) {
      bytes[length++] = high * 16 + low;
      index += 2;
    } else if (source[index + 1] === 10) index += 1;
    else if (source[index + 1] === 13 && source[index + 2] === 10) index += 2;
    else bytes[length++] = code;
  }
  return bytes.subarray(0, length);
}

/** A body by its Content-Transfer-Encoding. */
export function decodeBody(body: string, encoding: string, charset: string): string {
  const kind = encoding.trim().toLowerCase();
  if (kind === "quoted-printable") return decodeBytes(quotedPrintableBytes(body), charset);
  if (kind === "base64") return decodeBytes(Buffer.from(body, "base64"), charset);
  return body;
}

/** `=?utf-8?Q?caf=C3=A9?=` and its kind in header values. */
export function decodeWords(value: string): string {
  if (!value.includes("=?")) return value;
  return value
    .replaceAll(/\?=\s+=\?/g, "?==?")
    .replaceAll(/=\?([\w-]{1,40})\?([bqBQ])\?([^?\s]{0,400})\?=/g, (_, charset: string, kind: string, text: string) =>
      kind.toLowerCase() === "b"
        ? decodeBytes(Buffer.from(text, "base64"), charset)
        : decodeBytes(quotedPrintableBytes(text.replaceAll("_", " ")), charset),
    );
}
