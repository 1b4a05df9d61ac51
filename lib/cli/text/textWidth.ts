// How many terminal columns text takes, and cutting it there. Pure; no layout.

/** East Asian wide forms and emoji take two columns, combining marks none. A rough rule: it aligns tables, it does not typeset. */
const WIDE = /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u;
const ZERO = /[\p{Mn}\p{Me}\p{Cf}]/u;
/** Control characters, line separators, and what turns the direction of text around. */
const CONTROL = /\p{Cc}|[\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu;

export function textWidth(text: string): number {
  let width = 0;
  for (const character of text) width += ZERO.test(character) ? 0 : WIDE.test(character) ? 2 : 1;
  return width;
}

/** Cuts to `width` columns at the end, or in the middle; what was cut shows as an ellipsis. */
export function cutText(text: string, width: number, at: "end" | "middle" = "end"): string {
  if (textWidth(text) <= width) return text;
  const characters = Array.from(text);
  const tailWidth = at === "end" ? 0 : Math.floor((width - 1) / 2);
  const tail = fitting(characters.toReversed(), tailWidth).reverse();
  return `${fitting(characters, width - 1 - tailWidth).join("")}…${tail.join("")}`;
}

/** As many characters from the front as fit. */
function fitting(characters: readonly string[], width: number): string[] {
  let used = 0;
  const end = characters.findIndex((character) => (used += textWidth(character)) > width);
  return characters.slice(0, end === -1 ? characters.length : end);
}

/**
 * Model and tool output is untrusted: an escape sequence in it could rewrite the screen or the clipboard. Line breaks
 * become a visible sign too, because a cell or a message is one line.
 */
export function printable(text: string): string {
  return text
    .replace(/\r\n|\n/g, "⏎")
    .replace(/\t/g, " ")
    .replace(CONTROL, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** Like {@link printable} for text of several lines. */
export function printableLines(text: string): string {
  return text
    .split(/\r\n|\n/)
    .map((line) =>
      line.replace(CONTROL, (character) =>
        character === "\t" ? character : `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
      ),
    )
    .join("\n");
}

/** Breaks at spaces; a word longer than the line stays whole, because a cut command or path cannot be copied. */
export function wrapText(text: string, width: number, indent = ""): string {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && textWidth(line) + 1 + textWidth(word) > width) {
      lines.push(line);
      line = indent + word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  lines.push(line);
  return lines.join("\n");
}
