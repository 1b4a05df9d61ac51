// Reads recorded outcomes of a weak and a strong model on the same prompts; which of the two is which the accuracies say.
import { readFileSync } from "node:fs";
import { textBuckets } from "../../lib/orchestration/routing/textBuckets.ts";

export interface JudgedPrompt {
  readonly prompt: string;
  readonly subject: string;
  readonly isWeakRight: boolean;
  readonly isStrongRight: boolean;
  readonly buckets: readonly number[];
}

/** Lines of `{prompt, subject, MODEL: "True" | "False", MODEL: …}` with two models. */
export function readOutcomes(file: string): readonly JudgedPrompt[] {
  const lines = readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Readonly<Record<string, string | boolean>>);
  const models = Object.keys(lines[0] ?? {}).filter((key) => key !== "prompt" && key !== "subject" && key !== "id");
  const isRight = (line: (typeof lines)[number], model: string): boolean => line[model] === true || line[model] === "True";
  const right = (model: string): number => lines.filter((line) => isRight(line, model)).length;
  const [weak, strong] = models.sort((left, one) => right(left) - right(one));
  if (weak === undefined || strong === undefined) throw new RangeError(`${file} holds outcomes of ${models.length} models; expected two`);
  return lines.map((line) => {
    const prompt = String(line["prompt"]);
    return {
      prompt,
      subject: String(line["subject"]),
      isWeakRight: isRight(line, weak),
      isStrongRight: isRight(line, strong),
      buckets: textBuckets(prompt),
    };
  });
}
