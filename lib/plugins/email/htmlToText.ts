// The readable text of a mail that came as HTML only. Linear in its length; keeps words and lines, no layout.
import { Parser } from "htmlparser2";

const BLOCKS: ReadonlySet<string> = new Set(
  "address article blockquote br dd div dl dt fieldset figure footer form h1 h2 h3 h4 h5 h6 header hr li main ol p pre section table tr ul".split(
    " ",
  ),
);
const CELLS: ReadonlySet<string> = new Set(["td", "th"]);
const UNSEEN: ReadonlySet<string> = new Set(["head", "script", "style", "template", "title", "noscript"]);

export function htmlToText(html: string): string {
  const pieces: string[] = [];
  let unseen = 0;
  const parser = new Parser({
    onopentag: (name) => {
      if (UNSEEN.has(name)) unseen += 1;
      else if (BLOCKS.has(name)) pieces.push("\n");
      else if (CELLS.has(name)) pieces.push(" ");
    },
    onclosetag: (name) => {
      if (UNSEEN.has(name)) unseen -= 1;
      else if (BLOCKS.has(name) && name !== "br") pieces.push("\n");
    },
    ontext: (text) => {
      if (unseen === 0) pieces.push(text.replaceAll(/\s+/g, " "));
    },
  });
  parser.end(html);
  const lines = pieces
    .join("")
    .split("\n")
    .map((line) => line.replaceAll(/ +/g, " ").trim());
  return lines
    .filter((line, at) => line !== "" || (at > 0 && lines[at - 1] !== ""))
    .join("\n")
    .trim();
}
