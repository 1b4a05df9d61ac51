// HTML as plain lines that the extraction rules read: blocks as lines, table rows with bars, definition pairs with colons. No script runs, nothing is fetched.
import { Parser } from "htmlparser2";

const BLOCKS = new Set(
  "p div section article main header footer aside nav h1 h2 h3 h4 h5 h6 li ul ol dl table tr form fieldset blockquote pre figure br hr address".split(
    " ",
  ),
);
const HIDDEN = new Set(["script", "style", "noscript", "template", "svg", "head"]);
const CELLS = new Set(["td", "th"]);

export function htmlText(html: string): string {
  const lines: string[] = [];
  let line = "";
  let hiddenDepth = 0;
  const endLine = (): void => {
    const text = line.replaceAll(/[^\S\n]+/g, " ").trim();
    if (text !== "") lines.push(text);
    line = "";
  };
  const parser = new Parser(
    {
      onopentagname: (name) => {
        if (HIDDEN.has(name)) hiddenDepth += 1;
        else if (name === "dt") endLine();
        else if (CELLS.has(name)) line += line.trim() === "" ? "" : " | ";
        else if (name === "dd") line += line.trim().endsWith(":") ? " " : ": ";
        else if (BLOCKS.has(name)) endLine();
      },
      onclosetag: (name) => {
        if (HIDDEN.has(name)) hiddenDepth = Math.max(hiddenDepth - 1, 0);
        // A block inside of a cell does not end the row.
        else if (name === "dd" || name === "tr" || BLOCKS.has(name)) endLine();
      },
      ontext: (text) => {
        if (hiddenDepth === 0) line += text;
      },
    },
    { decodeEntities: true, lowerCaseTags: true },
  );
  parser.end(html);
  endLine();
  return lines.join("\n");
}
