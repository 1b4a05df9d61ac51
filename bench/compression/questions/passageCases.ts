// The question is the task: ten paragraphs of running text, a sentence whose answer is masked, some of its other words asked for.
import { wordsOf } from "../baselines.ts";
import type { SeededRandom } from "../random.ts";
import { paragraphsOf, sentencesOf, type Document } from "./corpus.ts";
import type { Case } from "./types.ts";

const PARAGRAPHS = 10;
const MIN_PARAGRAPH_CHARS = 450;
/** Some people quote the place that answers them, others ask in words of their own: the share of words taken over differs from question to question. */
const WORD_SHARE = { least: 0.05, most: 0.6 } as const;
/** Words of the question that stand elsewhere in the passages, or nowhere near the answer. */
const MAX_STRANGE_WORDS = 2;
/** Questions that take their words from the sentence before, to which the answer's own sentence refers. */
const NEIGHBOUR_SHARE = 0.15;
const OPENINGS = ["What", "Which", "How", "When", "Why", "Who", "Where"] as const;
const COMMON = new Set(
  "the a an of to in on at by for with from and or as is are was were be been being it its this that these those you your we our they their can will may might should would could do does did not no if then than when which who what where how why all any each more most other such only same so into over also have has had there here use used using".split(
    " ",
  ),
);

interface Passage {
  readonly source: string;
  readonly paragraphs: readonly string[];
}

/** As many as the texts yield, at most `count`. */
export function passageCases(documents: readonly Document[], count: number, random: SeededRandom): readonly Case[] {
  const passages = groupPassages(documents);
  const cases: Case[] = [];
  for (let tries = 0; cases.length < count && tries < count * 10 && passages.length > 0; tries += 1) {
    const made = askPassage(random.pick(passages), random);
    if (made !== undefined) cases.push(made);
  }
  return cases;
}

/** Files of one folder together, so that paragraphs beside each other speak of near things. */
function groupPassages(documents: readonly Document[]): readonly Passage[] {
  const groups = new Map<string, string[]>();
  for (const { source, text } of documents) {
    const folder = source.replace(/\/[^/]*$/, "");
    groups.set(folder, [...(groups.get(folder) ?? []), ...paragraphsOf(text)]);
  }
  return [...groups]
    .map(([source, paragraphs]) => ({ source, paragraphs: merge(paragraphs) }))
    .filter(({ paragraphs }) => paragraphs.length > PARAGRAPHS);
}

/** Short neighbours become one: documentation breaks more often than running text does. */
function merge(paragraphs: readonly string[]): readonly string[] {
  const merged: string[] = [];
  for (const paragraph of paragraphs) {
    const last = merged.at(-1);
    if (last !== undefined && last.length < MIN_PARAGRAPH_CHARS) merged[merged.length - 1] = `${last} ${paragraph}`;
    else merged.push(paragraph);
  }
  return merged;
}

function askPassage({ source, paragraphs }: Passage, random: SeededRandom): Case | undefined {
  const chosen = [...new Set(random.sample(paragraphs, PARAGRAPHS))];
  const content = chosen.join("\n\n");
  const sentences = sentencesOf(random.pick(chosen));
  const at = random.below(sentences.length);
  const sentence = sentences[at] ?? "";
  const answer = pickAnswer(sentence, content, random);
  if (answer === undefined) return undefined;
  const own = contentWordsOf(sentence.replace(answer, " "));
  const isReferring = at > 0 && random.next() < NEIGHBOUR_SHARE;
  const share = WORD_SHARE.least + random.next() * (WORD_SHARE.most - WORD_SHARE.least);
  const words = [...own, ...(isReferring ? contentWordsOf(sentences[at - 1] ?? "") : [])].filter(() => random.next() < share);
  if (words.length === 0) words.push(...random.sample(own, 1));
  for (let count = random.below(MAX_STRANGE_WORDS + 1); count > 0; count -= 1) words.push(...random.sample(contentWordsOf(content), 1));
  if (words.length < 2) return undefined;
  return { source, content, task: `${random.pick(OPENINGS)} ${words.join(" ")}?`, answers: [[answer]], family: "passage" };
}

function contentWordsOf(text: string): readonly string[] {
  const words = text
    .split(/[^\p{L}\p{N}.@/-]+/u)
    .map((word) => word.replace(/^[.@/-]+|[.@/-]+$/g, ""))
    .filter((word) => word.length > 1 && !COMMON.has(word.toLowerCase()));
  return [...new Set(words)];
}

/** One to three words that stand once in the content, preferably with a digit, a capital or code marks. */
function pickAnswer(sentence: string, content: string, random: SeededRandom): string | undefined {
  const spans = sentence.match(/`[^`]{3,40}`|\b\d[\d.,:%-]*\w*|\b[A-Z][\w-]+(?: [A-Z][\w-]+){0,2}|\b[a-z]{5,}(?: [a-z]{4,})?\b/g) ?? [];
  const possible = spans
    .map((span) => span.replace(/^`|`$|[.,:;]$/g, ""))
    .filter(
      (span) =>
        span.length >= 2 &&
        !span
          .toLowerCase()
          .split(" ")
          .some((word) => COMMON.has(word)) &&
        content.split(span).length === 2 &&
        wordsOf(span).length > 0,
    );
  return possible.length === 0 ? undefined : random.pick(possible);
}
