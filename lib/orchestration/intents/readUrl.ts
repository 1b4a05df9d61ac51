// Takes a request's address apart into lower-case text and words. Resolves and fetches nothing.

export interface UrlReading {
  /** Lower case, templates replaced by `_`, at most 600 characters. */
  readonly text: string;
  /** Segments of the path, whole and in pieces. */
  readonly words: readonly string[];
  readonly last: string;
  /** The last segment, whole. */
  readonly segment: string;
  /** The address says something beyond its scheme. */
  readonly isKnown: boolean;
  has(set: ReadonlySet<string>): boolean;
}

const TEMPLATES = /\{\{[^}]{0,300}\}\}|\$\{[^}]{0,200}\}/g;

export function readUrl(raw: string): UrlReading {
  const text = raw.toLowerCase().replace(TEMPLATES, "_").slice(0, 600);
  const path = text.replace(/^=?\s*(?:https?:)?\/\/[^/?#]*/, "").split("?")[0] ?? "";
  const words = path
    .split("/")
    .flatMap((segment) => [segment, ...segment.split(/[._:-]+/)])
    .filter((word) => word !== "" && word !== "_");
  return {
    text,
    words,
    last: words.at(-1) ?? "",
    segment: path.slice(path.lastIndexOf("/") + 1),
    isKnown: /[a-z]{3}/.test(text.replace(/^=?\s*https?/, "")),
    has: (set) => words.some((word) => set.has(word)),
  };
}
