// Facts in a text as far as they can be told without understanding it: figures, dates, addresses, links; and whether another text holds them.

/** Each alternative has a bounded length, so the search is linear in the text. */
const FACTS = [
  /\b[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,5}/g,
  /\bhttps?:\/\/[^\s<>"')\]]{1,500}/g,
  /\d(?:[\d.,' \u00a0]{0,20}\d)?/g,
] as const;
/** Of the text; what is given is known whole. */
const MAX_CHARACTERS = 200_000;
const MAX_TOLD = 20;
/** Different addresses and links of a text that are looked for, so that many of them in much that is given cost no more than this often its length. */
const MAX_LOOKED_FOR = 200;

/** Facts of the text that the given text does not hold; small counts (below 13) are language, not facts. */
export function inventedFacts(text: string, given: string): string[] {
  const known = comparable(given);
  const digits = digitsOnly(known);
  const names = new Set<string>();
  const invented = new Set<string>();
  for (const [index, pattern] of FACTS.entries()) {
    for (const [found] of text.slice(0, MAX_CHARACTERS).matchAll(pattern)) {
      const fact = found.replace(/[.,;:!?']+$/, "");
      if (index === 2 ? isKnownFigure(fact, digits) : isKnownName(comparable(fact), { names, known })) continue;
      invented.add(fact);
      if (invented.size >= MAX_TOLD) return [...invented];
    }
  }
  return [...invented];
}

/** @param about.names those that were looked for */
function isKnownName(name: string, { names, known }: { readonly names: Set<string>; readonly known: string }): boolean {
  if (names.has(name) || names.size >= MAX_LOOKED_FOR) return true;
  names.add(name);
  return known.includes(name);
}

function isKnownFigure(figure: string, digits: ReadonlySet<string>): boolean {
  const parts = figure.split(/[ \u00a0]/).filter((part) => part !== "");
  const whole = plainFigure(figure);
  if (Number(whole) < 13 || digits.has(whole)) return true;
  return parts.length > 1 && parts.every((part) => Number(plainFigure(part)) < 13 || digits.has(plainFigure(part)));
}

/** Figures without the marks between thousands and without zeros that say nothing: `1,240.50` and `1240.5` are one. */
function digitsOnly(text: string): ReadonlySet<string> {
  const figures = new Set<string>();
  for (const [found] of text.matchAll(/\d[\d.,' \u00a0]{0,30}/g)) {
    figures.add(plainFigure(found));
    for (const part of found.split(/[ \u00a0]/)) if (part !== "") figures.add(plainFigure(part));
    for (const part of found.split(/\D/)) if (part !== "") figures.add(plainFigure(part));
  }
  return figures;
}

function plainFigure(text: string): string {
  const compact = text.replaceAll(/[\s' \u00a0]/g, "").replace(/[.,]+$/, "");
  const decimals = /[.,](\d{1,2})$/.exec(compact);
  const whole = (decimals === null ? compact : compact.slice(0, decimals.index)).replaceAll(/[.,]/g, "").replace(/^0{1,30}(?=\d)/, "");
  const rest = (decimals?.[1] ?? "").replace(/0{1,2}$/, "");
  return rest === "" ? whole : `${whole}.${rest}`;
}

/** Whether a text says a fact: case, blanks and the marks between thousands do not matter. */
export function mentions(text: string, fact: string): boolean {
  if (comparable(text).includes(comparable(fact))) return true;
  return /^\d[\d.,' \u00a0]{0,30}$/.test(fact) && digitsOnly(text).has(plainFigure(fact));
}

function comparable(text: string): string {
  return text.toLowerCase().replaceAll(/\s+/g, " ").trim();
}
