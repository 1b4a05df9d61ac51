// Is Q what it says? Views forced to Q 4.5 by `quality`, questions that nothing was fitted on: as many must survive as Q promises.
import { row, type Row } from "../measure.ts";
import { AnswerText } from "./answers.ts";
import { percent, readPayloads } from "./payloads.ts";
import type { Case } from "./questions/types.ts";
import { readCases } from "./questions/readCases.ts";
import { readPassageQuestions } from "./squad.ts";
import type { Compress } from "./subject.ts";

const FORCED = 4.5;
const BAND = { from: 4.4, to: 4.6 } as const;
const UNSEEN = { passages: 900, instructions: 360, untasked: 160 } as const;
const SQUAD_QUESTIONS = 600;
/** Fewer questions say too little for a share that must lie within eight points. */
const MIN_QUESTIONS = 1_000;

interface Tally {
  views: number;
  /** Views whose Q is in the band, and the questions on them. */
  inBand: number;
  asked: number;
  survived: number;
  /** Sum of Q / 5 over these questions: what was promised. */
  promised: number;
  saved: number;
}

interface Question {
  readonly family: string;
  readonly content: string;
  readonly task?: string;
  /** Each must survive by any one of its alternatives, whole. */
  readonly answers: readonly (readonly (readonly string[])[])[];
}

export async function measureReliability(
  folder: string | undefined,
  compress: Compress,
  { seed = 7, share = 1 }: { readonly seed?: number; readonly share?: number } = {},
): Promise<{ readonly rows: readonly Row[]; readonly table: readonly string[] }> {
  const counts = {
    passages: Math.ceil(UNSEEN.passages * share),
    instructions: Math.ceil(UNSEEN.instructions * share),
    untasked: Math.ceil(UNSEEN.untasked * share),
  };
  const own = await tally((await readCases("unseen", counts, seed)).map(toQuestion), compress);
  const outside =
    folder === undefined ? new Map<string, Tally>() : await tally(await readOutside(folder, Math.ceil(SQUAD_QUESTIONS * share)), compress);
  const all = sum([...own.values()]);
  const kept = all.survived / Math.max(1, all.asked);
  const value = all.asked >= MIN_QUESTIONS * share ? kept : null;
  const upper = row("q_reliability", value, "share", { goal: "<= 0.94", baseline: all.promised / Math.max(1, all.asked) });
  return {
    rows: [{ ...upper, goal: "0.86 to 0.94", pass: value === null ? null : value >= 0.86 && value <= 0.94 }],
    table: [
      `reliability at Q ${FORCED}: views, of them with Q ${BAND.from} to ${BAND.to}; questions on these; promised; survived; saved`,
      ...[...own].map(line),
      ...[["own, all", all] as const].map(line),
      ...[...outside].map(line),
    ],
  };
}

function toQuestion({ family, content, task, answers }: Case): Question {
  const name = task === undefined ? `${family}, no task` : family;
  return { family: name, content, ...(task === undefined ? {} : { task }), answers: answers.map((answer) => [answer]) };
}

/** Questions of others: nothing of them is fitted on. */
async function readOutside(folder: string, squadQuestions: number): Promise<readonly Question[]> {
  const passages = await readPassageQuestions(folder, squadQuestions, 11);
  return [
    ...passages.map(({ content, question, answers }) => ({
      family: "outside: squad",
      content,
      task: question,
      answers: [answers.map((answer) => [answer])],
    })),
    ...(await readPayloads(folder)).map(({ content, task, questions }) => ({
      family: "outside: payloads",
      content,
      task,
      answers: questions.map(({ answer }) => [answer]),
    })),
  ];
}

async function tally(questions: readonly Question[], compress: Compress): Promise<ReadonlyMap<string, Tally>> {
  const tallies = new Map<string, Tally>();
  for (const { family, content, task, answers } of questions) {
    const { view, quality, tokensIn, tokensOut } = await compress({ content, quality: FORCED, ...(task === undefined ? {} : { task }) });
    const one = tallies.get(family) ?? { views: 0, inBand: 0, asked: 0, survived: 0, promised: 0, saved: 0 };
    tallies.set(family, one);
    one.views += 1;
    if (quality < BAND.from || quality > BAND.to) continue;
    const text = new AnswerText(view);
    one.inBand += 1;
    one.asked += answers.length;
    one.survived += answers.filter((alternatives) => alternatives.some((answer) => text.holds(answer))).length;
    one.promised += (answers.length * quality) / 5;
    one.saved += 1 - tokensOut / Math.max(1, tokensIn);
  }
  return tallies;
}

function sum(tallies: readonly Tally[]): Tally {
  const total: Tally = { views: 0, inBand: 0, asked: 0, survived: 0, promised: 0, saved: 0 };
  for (const one of tallies) for (const key of Object.keys(total) as (keyof Tally)[]) total[key] += one[key];
  return total;
}

function share(part: number, whole: number): string {
  return whole === 0 ? "      ?" : percent(part / whole);
}

function line([name, { views, inBand, asked, survived, promised, saved }]: readonly [string, Tally]): string {
  return `  ${name.padEnd(24)} ${String(views).padStart(5)} ${String(inBand).padStart(5)} ${String(asked).padStart(6)}   ${share(promised, asked)}  ${share(survived, asked)}  ${share(saved, inBand)}`;
}
