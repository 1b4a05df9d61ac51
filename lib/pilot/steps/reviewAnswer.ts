// A handler's judgement of a model's answer, where there is one: one repair by telling the model what is wrong, else an error or a warning.
import type { ModelMessage } from "ai";
import { AppError } from "../../core/errors.ts";
import type { ModelResult } from "../../models/types.ts";
import type { AnswerDefect, ModelAnswer } from "../../orchestration/types.ts";
import type { StepContext, StepOutcome } from "../types.ts";
import { askModel, type Question } from "./askModel.ts";
import type { ModelTally } from "./ModelTally.ts";

const MAX_TOLD = 20;

export type ReviewedText = { readonly kind: "text"; readonly text: string } | { readonly kind: "ended"; readonly outcome: StepOutcome };

/** An answer in text. Without a reviewer it is taken as it is. */
export async function askForText(context: StepContext, question: Question, tally: ModelTally): Promise<ReviewedText> {
  const answer = await askModel(context, question, tally);
  if (answer.kind === "ended") return answer;
  const first = textAnswer(answer.result);
  const defects = context.review?.judge(first) ?? [];
  if (context.review === undefined || defects.length === 0) return { kind: "text", text: first.text };
  if (context.review.repairs === 0) return judged(context, first, { defects, result: answer.result, tally, repairs: 0 });
  const again = await askModel(context, repairOf(question, first, defects), tally);
  // A repair is a wish: where the first answer can be taken at need, nothing but a stop keeps it from being taken.
  const fallback = hardOf(defects).length === 0 ? { defects, result: answer.result, tally, repairs: 1 as const } : null;
  if (again.kind === "ended") return fallback === null || again.outcome.status === "halted" ? again : judged(context, first, fallback);
  const second = textAnswer(again.result);
  const left = context.review.judge(second);
  if (fallback !== null && isWorse(left, defects)) return judged(context, first, fallback);
  return judged(context, second, { defects: left, result: again.result, tally, repairs: 1 });
}

export function isWorse(later: readonly AnswerDefect[], earlier: readonly AnswerDefect[]): boolean {
  return hardOf(later).length > hardOf(earlier).length || later.length > earlier.length;
}

interface Judged {
  readonly defects: readonly AnswerDefect[];
  readonly result: ModelResult;
  readonly tally: ModelTally;
  readonly repairs: 0 | 1;
}

function judged(context: StepContext, { text }: ModelAnswer, { defects, result, tally, repairs }: Judged): ReviewedText {
  const hard = hardOf(defects);
  if (hard.length > 0)
    return { kind: "ended", outcome: { status: "failed", error: refusal(context, hard, { result, repairs }), facts: tally.facts() } };
  warnOf(defects, tally);
  return { kind: "text", text };
}

export function hardOf(defects: readonly AnswerDefect[]): readonly AnswerDefect[] {
  return defects.filter(({ severity }) => severity === "hard");
}

export function warnOf(defects: readonly AnswerDefect[], tally: ModelTally): void {
  for (const { message } of defects) tally.warn(`the answer ${message}`);
}

function textAnswer({ text, finishReason }: ModelResult): ModelAnswer {
  const trimmed = text.trim();
  return { text: trimmed, value: trimmed, isCutOff: finishReason === "length" };
}

/** Booked as our own cost: without a handler nobody would have asked again. */
function repairOf(question: Question, { text }: ModelAnswer, defects: readonly AnswerDefect[]): Question {
  const list = defects
    .slice(0, MAX_TOLD)
    .map(({ message }) => `- it ${message}`)
    .join("\n");
  const complaint = `Your answer cannot be used:\n${list}\nAnswer again in full, mended, and with nothing else. Do not make anything up.`;
  const messages: readonly ModelMessage[] = [
    ...question.messages,
    { role: "assistant", content: text },
    { role: "user", content: complaint },
  ];
  return { ...question, messages, activityType: "repair", ownCost: "repair", isUncapped: true };
}

/** @param about.result null where it is the first answer, of which nothing but the text was kept */
export function refusal(
  { path }: StepContext,
  defects: readonly AnswerDefect[],
  { result, repairs }: { readonly result: ModelResult | null; readonly repairs: 0 | 1 },
): AppError {
  const who = result === null ? "the model" : `${result.provider}/${result.model}`;
  const told = defects.map(({ message }) => message);
  const after = repairs === 0 ? "" : ", after one repair";
  return new AppError("MODEL_OUTPUT_INVALID", `step ${path}: the answer of ${who} ${told.slice(0, 5).join("; it ")}${after}`, {
    details: { step: path, model: who, defects: told.slice(0, 50) },
  });
}
