// DIR/squad.json: does the answer survive among ten paragraphs when 30 to 85 % of the tokens go? The question is the task.
import { readFile } from "node:fs/promises";
import path from "node:path";
import { row, type Row } from "../measure.ts";
import type { TokenCounter } from "../../lib/tokens/TokenCounter.ts";
import { AnswerText } from "./answers.ts";
import { bestLines, headTruncate } from "./baselines.ts";
import { percent } from "./payloads.ts";
import { SeededRandom } from "./random.ts";
import type { Compress } from "./subject.ts";

interface Article {
  readonly title: string;
  readonly paragraphs: readonly {
    readonly context: string;
    readonly qas: readonly {
      readonly question: string;
      readonly is_impossible: boolean;
      readonly answers: readonly { readonly text: string }[];
    }[];
  }[];
}

export interface PassageQuestion {
  readonly question: string;
  /** Any of them will do. */
  readonly answers: readonly string[];
  readonly content: string;
}

const PARAGRAPHS = 10;
const SAVINGS = [30, 40, 50, 70, 85] as const;
const GOALS: Readonly<Record<number, string>> = { 40: ">= 0.99", 85: ">= 0.975" };
/** A view that misses its size by more is counted as an answer that is lost: saving less is no way to recall more. */
const SIZE_TOLERANCE = 0.01;

/** Answerable questions, each with its paragraph among nine others of the same article. The same sample for the same seed. */
export async function readPassageQuestions(folder: string, count: number, seed: number): Promise<readonly PassageQuestion[]> {
  const { data } = JSON.parse(await readFile(path.join(folder, "squad.json"), "utf8")) as { readonly data: readonly Article[] };
  const random = new SeededRandom(seed);
  const asked = data.flatMap(({ paragraphs }) =>
    paragraphs.flatMap((own) =>
      own.qas.filter((one) => !one.is_impossible && one.answers.length > 0).map((one) => ({ paragraphs, own, one })),
    ),
  );
  return random.sample(asked, count).map(({ paragraphs, own, one }) => {
    const others = random.sample(
      paragraphs.filter((paragraph) => paragraph !== own),
      PARAGRAPHS - 1,
    );
    const chosen = [...others];
    chosen.splice(random.below(PARAGRAPHS), 0, own);
    return {
      question: one.question,
      answers: [...new Set(one.answers.map(({ text }) => text))],
      content: chosen.map(({ context }) => context).join("\n\n"),
    };
  });
}

export async function measureSquad(
  folder: string,
  counter: TokenCounter,
  compress: Compress,
  { count, seed = 1 }: { readonly count: number; readonly seed?: number },
): Promise<{ readonly rows: readonly Row[]; readonly table: readonly string[] }> {
  const questions = await readPassageQuestions(folder, count, seed);
  const rows: Row[] = [];
  const table = [`squad (${questions.length} questions)    saving   recall  head    bm25 lines   too large`];
  for (const saving of SAVINGS) {
    let [found, head, lines, saved, tooLarge] = [0, 0, 0, 0, 0];
    for (const { question, answers, content } of questions) {
      const tokensIn = counter.count(content);
      const targetTokens = Math.floor(tokensIn * (1 - saving / 100));
      const { view } = await compress({ content, task: question, targetTokens });
      const tokensOut = counter.count(view);
      saved += 1 - tokensOut / tokensIn;
      const isInSize = tokensOut <= targetTokens + SIZE_TOLERANCE * tokensIn;
      if (!isInSize) tooLarge += 1;
      if (isInSize && survives(view, answers)) found += 1;
      if (survives(headTruncate(counter, content, targetTokens), answers)) head += 1;
      if (survives(bestLines(counter, content.replace(/\n\n/g, " "), question, targetTokens), answers)) lines += 1;
    }
    const share = (part: number): number => part / Math.max(1, questions.length);
    const goal = GOALS[saving];
    rows.push(row(`squad_recall.${saving}`, share(found), "share", { baseline: share(head), ...(goal === undefined ? {} : { goal }) }));
    table.push(
      `  asked for ${saving} %           ${percent(share(saved))} ${percent(share(found))} ${percent(share(head))}   ${percent(share(lines))}      ${tooLarge}`,
    );
  }
  return { rows, table };
}

export function survives(view: string, answers: readonly string[]): boolean {
  const text = new AnswerText(view);
  return answers.some((answer) => text.holdsPart(answer));
}
