// Words of a text as search compares them: lower case, stems, no accents, names in camel case taken apart, no stop words. Linear in the text.
import { stemmer } from "stemmer";

const STOP_WORDS = new Set(
  (
    "a an the and or but of in on at to for from by with without about as is are was were be been being it its this that these those there here " +
    "i you he she we they me him her us them my your his our their do does did done have has had will would can could shall should may might must " +
    "not no so if then than too very just also into onto over under out up down off again once what which who whom whose when where why how all any " +
    "each every some such only own same s t d ll m re ve please give name list tell show find write make say mention report return using use"
  ).split(" "),
);
/** Stems of words seen before: contents repeat their words. */
const stems = new Map<string, string>();
const MAX_STEMS = 50_000;
const LONGEST_WORD = 40;
const WORD = /[\p{L}\p{N}]+/gu;
/** Combining marks of Latin, Greek and Cyrillic letters; in other scripts marks are letters. */
const ACCENTS = /[\u0300-\u036F]+/g;
const CAMEL = /(?<=[\p{Ll}\p{N}])(?=\p{Lu})/u;

/** @returns stems in order; a word longer than 40 characters is kept as it is */
export function wordsOf(text: string): string[] {
  const found: string[] = [];
  for (const [word] of withoutAccents(text).matchAll(WORD)) {
    if (word.length > LONGEST_WORD) {
      found.push(word.slice(0, LONGEST_WORD).toLowerCase());
      continue;
    }
    const pieces = /\p{Ll}\p{Lu}/u.test(word) ? word.split(CAMEL) : [word];
    for (const piece of pieces) {
      const lower = piece.toLowerCase();
      if (!STOP_WORDS.has(lower)) found.push(stemOf(lower));
    }
    if (pieces.length > 1) found.push(stemOf(word.toLowerCase()));
  }
  return found;
}

function stemOf(word: string): string {
  let stem = stems.get(word);
  if (stem === undefined) {
    stem = /^\p{N}/u.test(word) ? word : stemmer(word);
    if (stems.size >= MAX_STEMS) stems.clear();
    stems.set(word, stem);
  }
  return stem;
}

/** Who asks about Mongke means Möngke. */
function withoutAccents(text: string): string {
  return /[\u00C0-\uFFFF]/.test(text) ? text.normalize("NFD").replace(ACCENTS, "") : text;
}
