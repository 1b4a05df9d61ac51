// Words and sentences of a text, without a dictionary. Language matters little here; English stop words are left out.

const STOP_WORDS = new Set(
  (
    "a an and are as at be been being but by can could did do does for from had has have he her his how i if in into is it its me my no not of on or our " +
    "she so some such than that the their them then there these they this those to too up us was we were what when where which who will with would you your " +
    "please each every all any input data following given text item items one write summarize summary about"
  ).split(" "),
);
const WORD = /[\p{L}\p{N}][\p{L}\p{N}'’_-]*/gu;
const MIN_ENGLISH_SHARE = 0.06;
const ENGLISH = /\b(?:the|and|of|to|in|is|was|for|that|with|on|are)\b/gi;

/** Lower-case words with their endings cut, so that `invoices` meets `invoice` and `failing` meets `failed`. */
export function stems(text: string): string[] {
  return (text.toLowerCase().match(WORD) ?? []).filter((word) => word.length > 1 && !STOP_WORDS.has(word)).map(stem);
}

export function stem(word: string): string {
  if (word.length <= 4 || /\d/.test(word))
    return word.length === 4 && word.endsWith("s") && !word.endsWith("ss") ? word.slice(0, -1) : word;
  return word.replace(/(?:ations?|ments?|ingly|ings?|edly|ed|ies|ers?|ely|ly|es|s|e|y)$/, "") || word;
}

export function looksEnglish(text: string): boolean {
  const sample = text.slice(0, 4_000);
  const words = sample.match(WORD)?.length ?? 0;
  return words > 0 && (sample.match(ENGLISH)?.length ?? 0) / words >= MIN_ENGLISH_SHARE;
}

const segmenter = new Intl.Segmenter("en", { granularity: "sentence" });
/** After these a dot ends no sentence. */
const ABBREVIATED = /(?:\b(?:Mr|Mrs|Ms|Dr|Prof|St|No|Nr|vs|etc|e\.g|i\.e|approx|Inc|Ltd|Co)\.|\b\p{Lu}\.)\s*$/u;

/** Lines end sentences too: lists and logs have no full stops. */
export function splitSentences(text: string): string[] {
  const sentences: string[] = [];
  for (const line of text.split(/\n+/)) {
    let pending = "";
    for (const { segment } of segmenter.segment(line)) {
      pending += segment;
      if (ABBREVIATED.test(pending)) continue;
      if (pending.trim() !== "") sentences.push(pending.trim());
      pending = "";
    }
    if (pending.trim() !== "") sentences.push(pending.trim());
  }
  return sentences;
}
