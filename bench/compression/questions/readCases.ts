// All questions made by program, in two halves that share no source: one to fit on, one to test with.
import { sha256 } from "../../../lib/core/ids.ts";
import { AnswerText } from "../answers.ts";
import { SeededRandom } from "../random.ts";
import { readMarkdown } from "./corpus.ts";
import { passageCases } from "./passageCases.ts";
import { recordCases } from "./recordCases.ts";
import { textCases } from "./textCases.ts";
import type { Case } from "./types.ts";

export type Half = "fit" | "unseen";

export interface CaseCounts {
  readonly passages: number;
  readonly instructions: number;
  readonly untasked: number;
}

export async function readCases(half: Half, counts: CaseCounts, seed: number): Promise<readonly Case[]> {
  const random = new SeededRandom(seed + (half === "fit" ? 0 : 1_000_003));
  const documents = (await readMarkdown()).filter(({ source }) => halfOf(groupOf(source)) === half);
  const passages = passageCases(documents, counts.passages, random);
  const both = async (count: number): Promise<readonly Case[]> => [
    ...(await recordCases(random, 2 * count)).filter(({ source }) => !source.startsWith("webhook") || halfOf(source) === half),
    ...textCases(documents, count, random),
  ];
  const instructed = random.sample(await both(counts.instructions), counts.instructions);
  const untasked = random.sample(await both(counts.untasked), counts.untasked);
  const cases = [
    ...passages,
    ...instructed,
    ...untasked.map(({ source, content, answers, family }) => ({ source, content, answers, family })),
  ];
  return cases.map(onlyAnswerable).filter(({ answers }) => answers.length > 0);
}

/** What cannot be read in the content itself says nothing about a view of it. */
function onlyAnswerable(made: Case): Case {
  const text = new AnswerText(made.content);
  return { ...made, answers: made.answers.filter((answer) => text.holds(answer)) };
}

/** The documents of one package, or of one part of a large guide, stay together. */
function groupOf(source: string): string {
  return source
    .split("/")
    .slice(0, source.startsWith("ai/docs") ? 3 : 2)
    .join("/");
}

function halfOf(group: string): Half {
  return (sha256(group)[0] ?? 0) % 2 === 0 ? "fit" : "unseen";
}
