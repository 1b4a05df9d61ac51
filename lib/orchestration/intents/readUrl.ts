// Takes a request's address apart into lower-case text and words. Resolves and fetches nothing.
import { splitWords } from "./words.ts";

export interface UrlReading {
  /** Lower case, templates replaced by `_`, at most 700 characters. */
  readonly text: string;
  /** Segments of the path, whole and in pieces. In no special order. */
  readonly words: readonly string[];
  readonly last: string;
  /** The last segment, whole. */
  readonly segment: string;
  /** The address says something beyond its scheme. */
  readonly isKnown: boolean;
  has(set: ReadonlySet<string>): boolean;
}

const LENGTH_LIMIT = 700;
const TEMPLATES = /\{\{[^}]{0,300}\}\}|\$\{[^}]{0,200}\}/g;

export function readUrl(raw: string): UrlReading {
  const bare = raw.slice(0, LENGTH_LIMIT).replace(TEMPLATES, "_");
  const text = bare.toLowerCase();
  const path = pathOf(text);
  // `searchText` is one word of the address and two of the language.
  const words = [...path.split("/").flatMap((segment) => [segment, ...segment.split(/[._:-]+/)]), ...camelWords(pathOf(bare))].filter(
    (word) => word !== "" && word !== "_",
  );
  const segment = path.slice(path.lastIndexOf("/") + 1);
  return {
    text,
    words,
    last: segment.split(/[._:-]+/).at(-1) ?? "",
    segment,
    isKnown: /[a-z]{3}/.test(text.replace(/^=?\s*https?/, "")),
    has: (set) => words.some((word) => set.has(word)),
  };
}

function pathOf(address: string): string {
  return address.replace(/^=?\s*(?:https?:)?\/\/[^/?#]*/i, "").split("?")[0] ?? "";
}

function camelWords(path: string): readonly string[] {
  return /[a-z][A-Z]/.test(path)
    ? path.split(/[/._:-]+/).flatMap((segment) => (/[a-z][A-Z]/.test(segment) ? splitWords(segment) : []))
    : [];
}
