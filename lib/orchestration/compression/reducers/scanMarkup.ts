// Reads HTML or XML as a stream of tags and text (htmlparser2's tokenizer, no tree). It repairs nothing and keeps no stack.
import { Tokenizer } from "htmlparser2";

export type Attributes = ReadonlyMap<string, string>;

export interface MarkupHandler {
  /** `name` in lower case for HTML, as written for XML. */
  open(name: string, attributes: Attributes): void;
  close(name: string): void;
  /** Decoded; one run of text may come in several pieces. */
  text(text: string): void;
}

/** Attributes per tag and characters per attribute that are read; more is a bomb. */
const MOST_ATTRIBUTES = 40;
const LONGEST_VALUE = 4_000;
const EMPTY: Attributes = new Map();

export interface ScanOptions {
  readonly isXml: boolean;
  /** Names of attributes that are read; all when absent. */
  readonly attributes?: ReadonlySet<string>;
}

/** One pass over `content`. */
export function scanMarkup(content: string, options: ScanOptions, handler: MarkupHandler): void {
  let name = "";
  let attributes: Map<string, string> | undefined;
  let attributeName = "";
  let value = "";
  const cased = (text: string): string => (options.isXml ? text : text.toLowerCase());
  const opened = (): void => handler.open(name, attributes ?? EMPTY);
  const tokenizer = new Tokenizer(
    { xmlMode: options.isXml, decodeEntities: true },
    {
      onopentagname(start, end) {
        name = cased(content.slice(start, end));
        attributes = undefined;
      },
      onattribname(start, end) {
        attributeName = cased(content.slice(start, end));
        value = "";
      },
      onattribdata(start, end) {
        if (value.length < LONGEST_VALUE) value += content.slice(start, Math.min(end, start + LONGEST_VALUE));
      },
      onattribentity(codepoint) {
        value += String.fromCodePoint(codepoint);
      },
      onattribend() {
        if (options.attributes !== undefined && !options.attributes.has(attributeName)) return;
        attributes ??= new Map();
        if (attributes.size < MOST_ATTRIBUTES && !attributes.has(attributeName)) attributes.set(attributeName, value);
      },
      onopentagend: opened,
      onselfclosingtag() {
        opened();
        if (options.isXml) handler.close(name);
      },
      onclosetag(start, end) {
        handler.close(cased(content.slice(start, end)));
      },
      ontext(start, end) {
        handler.text(content.slice(start, end));
      },
      ontextentity(codepoint) {
        handler.text(String.fromCodePoint(codepoint));
      },
      oncdata(start, end, offset) {
        handler.text(content.slice(start, end - offset));
      },
      oncomment: () => {},
      ondeclaration: () => {},
      onprocessinginstruction: () => {},
      onend: () => {},
    },
  );
  tokenizer.write(content);
  tokenizer.end();
}
