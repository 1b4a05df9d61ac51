// The text of a block of code without what says nothing: blank ends, and indentation where brackets tell the structure. It knows no language.

/** Code is bracketed when this share of its lines opens or closes something. */
const BRACKETED_SHARE = 1 / 3;

/** @param raw text of a `pre` element; indentation stays where it may be the structure (Python, YAML, drawings) */
export function codeText(raw: string): string {
  const text = raw.replace(/^\n+/, "").trimEnd();
  const lines = text.split("\n").map((line) => line.trim());
  const filled = lines.filter((line) => line !== "");
  const bracketed = filled.filter((line) => opens(line) || closes(line));
  return bracketed.length > BRACKETED_SHARE * filled.length ? lines.join("\n") : text;
}

function opens(line: string): boolean {
  return "{[(".includes(line.at(-1) ?? " ");
}

function closes(line: string): boolean {
  return "}])".includes(line[0] ?? " ");
}
