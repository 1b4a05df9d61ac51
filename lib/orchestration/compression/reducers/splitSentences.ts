// Splits text into sentences: full stops after abbreviations, initials, numbers and addresses do not end one; CJK stops do. It changes no character.

const ABBREVIATIONS = new Set(
  (
    "mr mrs ms dr prof st sr jr vs etc e.g i.e eg ie cf al fig figs no nos vol pp p ch sec approx est inc ltd co corp dept univ gen col sgt capt lt rev hon " +
    "jan feb mar apr jun jul aug sep sept oct nov dec mon tue wed thu fri sat sun a.m p.m am pm u.s u.k u.n bzw z.b d.h usw ca nr abs bd hrsg vgl"
  ).split(" "),
);
const CLOSERS = "\"'”’)]»」』";
const CJK_STOPS = "。！？";
const STOPS = /[.!?…。！？]/;
/** A sentence longer than this is cut at a space, so that one unbroken page does not become one unit. */
const LONGEST = 1_200;

function wordBefore(text: string, end: number, start: number): string {
  let begin = end;
  while (begin > start && end - begin < 16) {
    const code = text.charCodeAt(begin - 1);
    if (code <= 32 || code === 40) break;
    begin--;
  }
  return text.slice(begin, end).toLowerCase();
}

function isLowerCase(char: string): boolean {
  return char !== char.toUpperCase();
}

function endsAtDot(text: string, dot: number, start: number): boolean {
  const word = wordBefore(text, dot, start);
  if (ABBREVIATIONS.has(word)) return false;
  // An initial ("J. Doe") or a list number ("3. Do this").
  return (
    !(word.length === 1 && word !== "i" && !(word >= "0" && word <= "9" && dot - start > 3)) && !(dot - start < 4 && /^\d{1,3}$/.test(word))
  );
}

function skip(text: string, at: number, isSkipped: (char: string) => boolean): number {
  let end = at;
  while (end < text.length && isSkipped(text.charAt(end))) end++;
  return end;
}

/** Index after the sentence that ends at the stop `at`, or 0 when the stop ends none. */
function endAfter(text: string, at: number, start: number): number {
  const stop = text.charAt(at);
  const end = skip(text, at + 1, (char) => CLOSERS.includes(char) || ".!?…".includes(char));
  if (end >= text.length || CJK_STOPS.includes(stop)) return end;
  const next = skip(text, end, (char) => char <= " ");
  if (next === end) return 0;
  if (next >= text.length) return end;
  const isWithinQuote = end > at + 1 && CLOSERS.includes(text.charAt(end - 1));
  if (isLowerCase(text.charAt(next)) && (isWithinQuote || (stop !== "?" && stop !== "!"))) return 0;
  return stop !== "." || endsAtDot(text, at, start) ? end : 0;
}

/** The sentences of one paragraph, trimmed, in order; joined by single spaces they say what the paragraph says. Linear. */
export function splitSentences(text: string): string[] {
  const sentences: string[] = [];
  const stops = new RegExp(STOPS, "g");
  let start = 0;
  const push = (end: number): void => {
    const sentence = text.slice(start, end).trim();
    if (sentence !== "") sentences.push(sentence);
    start = end;
  };
  const pushLong = (until: number): void => {
    for (let left = until - start; left > LONGEST; left = until - start) {
      const space = text.lastIndexOf(" ", start + LONGEST);
      push(space > start + LONGEST / 2 ? space : start + LONGEST);
    }
  };
  for (let stop = stops.exec(text); stop !== null; stop = stops.exec(text)) {
    pushLong(stop.index);
    const end = endAfter(text, stop.index, start);
    if (end === 0) continue;
    push(end);
    stops.lastIndex = end;
  }
  pushLong(text.length);
  push(text.length);
  return sentences;
}
