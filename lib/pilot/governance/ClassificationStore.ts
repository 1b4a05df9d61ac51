// SQL of recorded classifications, in the plan's tables: one row per step, a summary on the execution. Written once, in the transaction that starts it.
import type { Queryable } from "../../db/Database.ts";
import type { IntentType } from "../../orchestration/types.ts";

export interface ClassifiedStep {
  readonly stepType: string;
  readonly intent: IntentType;
  /** 0–10; null: unknown. */
  readonly complexityScore: number | null;
  readonly estimatedTokens: number;
  readonly isCompressionRecommended: boolean;
}

/** @param summary JSON text for `workflow_executions.intent_classification` */
export async function recordClassification(
  tx: Queryable,
  { executionId, steps, summary }: { readonly executionId: string; readonly steps: readonly ClassifiedStep[]; readonly summary: string },
): Promise<void> {
  await tx.query(
    "UPDATE workflow_executions SET intent_classification = $2::jsonb WHERE id = $1",
    [executionId, summary],
    "classification_summary",
  );
  await tx.query(
    `INSERT INTO orchestration_intents (step_type, intent, complexity_score, estimated_tokens, compression_recommended)
     SELECT * FROM unnest($1::text[], $2::text[], $3::numeric[], $4::int[], $5::boolean[])`,
    [
      steps.map(({ stepType }) => stepType),
      steps.map(({ intent }) => intent),
      steps.map(({ complexityScore }) => complexityScore),
      steps.map(({ estimatedTokens }) => estimatedTokens),
      steps.map(({ isCompressionRecommended }) => isCompressionRecommended),
    ],
    "classification_steps",
  );
}
