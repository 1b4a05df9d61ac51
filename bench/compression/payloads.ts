// DIR/payloads: step outputs with the questions whose answers must survive, moderate policy, task given, view alone.
import { readFile } from "node:fs/promises";
import path from "node:path";
import { row, type Row } from "../measure.ts";
import type { TokenCounter } from "../../lib/tokens/TokenCounter.ts";
import { AnswerText } from "./answers.ts";
import { bestLines, headTruncate, minify, toon } from "./baselines.ts";
import type { Compress } from "./subject.ts";

interface Question {
  readonly q: string;
  readonly answer: readonly string[];
  readonly critical?: boolean;
}

export interface Payload {
  readonly file: string;
  readonly kind: string;
  readonly task: string;
  readonly questions: readonly Question[];
  readonly content: string;
}

export interface Score {
  readonly saving: number;
  readonly asked: number;
  readonly found: number;
  readonly critical: number;
  readonly criticalFound: number;
  readonly grew: boolean;
  readonly missed: readonly string[];
}

export async function readPayloads(folder: string): Promise<readonly Payload[]> {
  const index = JSON.parse(await readFile(path.join(folder, "payloads/index.json"), "utf8")) as readonly Omit<Payload, "content">[];
  return Promise.all(
    index.map(async (entry) => ({ ...entry, content: await readFile(path.join(folder, "payloads", entry.file), "utf8") })),
  );
}

export function scoreView(counter: TokenCounter, payload: Pick<Payload, "content" | "questions">, view: string): Score {
  const text = new AnswerText(view);
  const [tokensIn, tokensOut] = [counter.count(payload.content), counter.count(view)];
  const missed = payload.questions.filter(({ answer }) => !text.holds(answer));
  const critical = payload.questions.filter((question) => question.critical === true);
  return {
    saving: 1 - tokensOut / tokensIn,
    asked: payload.questions.length,
    found: payload.questions.length - missed.length,
    critical: critical.length,
    criticalFound: critical.filter((question) => !missed.includes(question)).length,
    grew: tokensOut > tokensIn,
    missed: missed.map(({ q, critical }) => (critical === true ? `${q} (critical)` : q)),
  };
}

export interface PayloadResult {
  readonly rows: readonly Row[];
  /** For people: one line a method, one line a payload, one line a question that was lost. */
  readonly table: readonly string[];
}

export async function measurePayloads(folder: string, counter: TokenCounter, compress: Compress): Promise<PayloadResult> {
  const payloads = await readPayloads(folder);
  const scores = new Map<string, Score[]>();
  const files: string[] = [];
  for (const payload of payloads) {
    const { content, task, file } = payload;
    const { view, quality, level } = await compress({ content, task });
    const tokens = counter.count(view);
    const views: readonly (readonly [string, string])[] = [
      ["ours", view],
      ["none", content],
      ["head at our size", headTruncate(counter, content, tokens)],
      ["minified", minify(counter, content)],
      ["toon", toon(counter, content)],
      ["bm25 lines at our size", bestLines(counter, content, task, tokens)],
      ["bm25 lines at 60 %", bestLines(counter, content, task, 0.6 * counter.count(content))],
    ];
    for (const [method, text] of views) scores.set(method, [...(scores.get(method) ?? []), scoreView(counter, payload, text)]);
    const ours = scores.get("ours")?.at(-1);
    if (ours !== undefined)
      files.push(
        `  ${file.padEnd(30)} saved ${percent(ours.saving)}  recall ${ours.found}/${ours.asked}  critical ${ours.criticalFound}/${ours.critical}  Q ${quality.toFixed(2)}  level ${level}`,
        ...ours.missed.map((question) => `    lost: ${question}`),
      );
  }
  const ours = summarise(scores.get("ours") ?? []);
  const lines = summarise(scores.get("bm25 lines at our size") ?? []);
  const minified = summarise(scores.get("minified") ?? []);
  return {
    rows: [
      row("saving_mean", ours.saving, "share", { goal: ">= 0.45", baseline: minified.saving }),
      row("recall", ours.recall, "share", { goal: ">= 0.97", baseline: lines.recall }),
      row("recall_critical", ours.critical, "share", { goal: ">= 1", baseline: lines.critical }),
      row("grew", ours.grew, "files", { goal: "<= 0" }),
    ],
    table: [
      `payloads (${payloads.length})            saving  recall  critical  grew`,
      ...[...scores].map(([method, list]) => {
        const { saving, recall, critical, grew } = summarise(list);
        return `  ${method.padEnd(24)} ${percent(saving)}  ${percent(recall)}  ${percent(critical)}  ${String(grew).padStart(4)}`;
      }),
      ...files,
    ],
  };
}

function summarise(scores: readonly Score[]): { saving: number; recall: number; critical: number; grew: number } {
  const sum = (value: (score: Score) => number): number => scores.reduce((total, score) => total + value(score), 0);
  return {
    saving: sum(({ saving }) => saving) / Math.max(1, scores.length),
    recall:
      sum(({ found }) => found) /
      Math.max(
        1,
        sum(({ asked }) => asked),
      ),
    critical:
      sum(({ criticalFound }) => criticalFound) /
      Math.max(
        1,
        sum(({ critical }) => critical),
      ),
    grew: scores.filter(({ grew }) => grew).length,
  };
}

export function percent(share: number): string {
  return `${(100 * share).toFixed(1).padStart(5)} %`;
}
