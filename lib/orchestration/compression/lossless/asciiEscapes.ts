// Texts that spell every letter beyond ASCII as an escape: their plain spelling, and the way back. It touches no other escape.

const FIRST_BEYOND_ASCII = 0x80;
const ESCAPE = /\\(?:u([0-9a-f]{4})|[^])/g;
const BEYOND_ASCII = /[\u0080-\uffff]/g;
const IS_ASCII = /^[^\u0080-\uffff]*$/;

/** First line of a view whose letters were escapes. */
export const ASCII_LINE = "@ascii\n";

/** null: the text holds letters beyond ASCII, or no escapes of them, or halves of letters. */
export function plainLetters(text: string): string | null {
  if (!text.includes("\\u") || !IS_ASCII.test(text)) return null;
  const plain = text.replaceAll(ESCAPE, (escape: string, hex: string | undefined) => {
    const code = hex === undefined ? 0 : Number.parseInt(hex, 16);
    return code >= FIRST_BEYOND_ASCII ? String.fromCharCode(code) : escape;
  });
  return plain !== text && plain.isWellFormed() ? plain : null;
}

export function escapedLetters(text: string): string {
  return text.replaceAll(BEYOND_ASCII, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
