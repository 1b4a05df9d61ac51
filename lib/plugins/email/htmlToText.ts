// The readable text of a mail that came as HTML only. Linear in its length whatever its nesting; keeps words and lines, no layout.
import { Tokenizer } from "htmlparser2";

const BLOCKS: ReadonlySet<string> = new Set(
  "address article blockquote br dd div dl dt figure footer form h1 h2 h3 h4 h5 h6 header hr li main ol p pre section table tr ul".split(
    " ",
  ),
);
const CELLS: ReadonlySet<string> = new Set(["td", "th"]);
const UNSEEN: ReadonlySet<string> = new Set(["head", "script", "style", "template", "title", "noscript"]);

const ignore = (): void => undefined;

/** The tokenizer and not the parser: that one keeps a stack of open tags, which costs the square of a hostile nesting. */
export function htmlToText(html: string): string {
  const pieces: string[] = [];
  /** The tag that hides what follows, until it ends. */
  let hiding = "";
  const say = (text: string): void => {
    if (hiding === "") pieces.push(text);
  };
  const open = (start: number, end: number): void => {
    const name = html.slice(start, end).toLowerCase();
    if (BLOCKS.has(name)) say("\n");
    else if (CELLS.has(name)) say(" ");
    else if (hiding === "" && UNSEEN.has(name)) hiding = name;
  };
  const close = (start: number, end: number): void => {
    const name = html.slice(start, end).toLowerCase();
    if (name === hiding) hiding = "";
    else if (BLOCKS.has(name)) say("\n");
  };
  const tokenizer = new Tokenizer(
    { xmlMode: false, decodeEntities: true },
    {
      ontext: (start, end) => say(html.slice(start, end).replaceAll(/\s+/g, " ")),
      ontextentity: (codePoint) => say(String.fromCodePoint(codePoint)),
      onopentagname: open,
      onclosetag: close,
      onattribdata: ignore,
      onattribentity: ignore,
      onattribend: ignore,
      onattribname: ignore,
      oncdata: ignore,
      oncomment: ignore,
      ondeclaration: ignore,
      onend: ignore,
      onopentagend: ignore,
      onprocessinginstruction: ignore,
      onselfclosingtag: ignore,
    },
  );
  tokenizer.write(html);
  tokenizer.end();
  const lines = pieces
    .join("")
    .split("\n")
    .map((line) => line.replaceAll(/ +/g, " ").trim());
  return lines
    .filter((line, at) => line !== "" || (at > 0 && lines[at - 1] !== ""))
    .join("\n")
    .trim();
}
