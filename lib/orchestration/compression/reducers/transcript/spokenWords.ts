// Takes out of spoken text what carries no meaning: vocal tags, fillers, stutters. Says whether a turn is mere assent. It rewords nothing.

/** `{disfmarker}`, `{vocalsound}`, `[laughter]`, `(laughs)`, `<cough>` */
const TAGS =
  /\{(?:disfmarker|vocalsound|nonvocalsound|pause|comment|gap|laugh(?:ter|s)?|cough|noise|inaudible|breath)\}|\[(?:laughter|laughs?|noise|silence|pause|cough(?:s|ing)?|crosstalk|inaudible|music|applause|breath|sigh)\]|\((?:laughs?|laughter|laughing|pause|coughs?|sighs?|chuckles?)\)|<(?:cough|laugh|noise|breath)>/gi;
const FILLERS = new Set(["uh", "um", "uhm", "umm", "uhh", "er", "erm", "hm", "hmm", "mm", "mmm", "mhm", "äh", "ähm", "euh"]);
/** Words that are said twice only by stuttering. */
const STUTTERED = new Set("i the a an we it to and of in you so but is they he she my this if or what there i'm it's".split(" "));
const ASSENT = new Set(
  "yeah yes yep yup ya ok okay k right sure alright mhm mm hmm hm uh huh oh ah i see good great cool nice fine exactly thanks thank you thx ty np lol haha hehe absolutely indeed true gotcha perfect all well so and :) :-) :d ;) ^^".split(
    " ",
  ),
);

function bare(word: string): string {
  return word
    .replace(/^[,.!?;:"'-]+/, "")
    .replace(/[,.!?;:"'-]+$/, "")
    .toLowerCase();
}

const PUNCTUATION = /^[,.!?;-]$/;

/** Joins a punctuation mark to the word before; a comma or stop that a filler left alone goes. */
function addPunctuation(kept: string[], mark: string): void {
  const last = kept.at(-1);
  if (last === undefined) return;
  if (mark === "-") kept.push(mark);
  else if (!(/[,.!?;:-]$/.test(last) && (mark === "," || mark === "."))) kept[kept.length - 1] = last + mark;
}

function isStutter(word: string, last: string | undefined): boolean {
  return last !== undefined && STUTTERED.has(bare(word)) && bare(last) === bare(word) && !/[.!?]$/.test(last);
}

/** The words of a line without tags, fillers and stutters; spaces before punctuation go too. */
export function spokenWords(line: string): string {
  const untagged = /[{[(<]/.test(line) ? line.replaceAll(TAGS, " ") : line;
  const kept: string[] = [];
  for (const word of untagged.split(/\s+/)) {
    if (word === "" || (FILLERS.has(bare(word)) && !/[.!?]$/.test(word))) continue;
    if (PUNCTUATION.test(word)) addPunctuation(kept, word);
    else if (isStutter(word, kept.at(-1))) kept[kept.length - 1] = `${kept.at(-1) ?? ""}${/[,.!?;:]*$/.exec(word)?.[0] ?? ""}`;
    else kept.push(word);
  }
  return kept.join(" ");
}

/** True for turns such as "Yeah, right." and "ok thanks :)": they say that somebody listens. */
export function isAssent(text: string): boolean {
  if (text.length > 40) return false;
  if (/[?]/.test(text)) return false;
  const words = text.split(/[\s-]+/).filter((word) => word !== "");
  return words.every((word) => ASSENT.has(word.toLowerCase()) || ASSENT.has(bare(word)) || bare(word) === "");
}
