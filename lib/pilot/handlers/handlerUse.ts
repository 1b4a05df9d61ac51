// What handlers did in one execution, from its rows: for its metrics and for the agent's scores.
import type { Queryable } from "../../db/Database.ts";
import { loadSteps } from "../../journal/JournalStore.ts";
import { sumHandlers, type HandlerTotals } from "../../orchestration/handlers/sumHandlers.ts";
import type { IntentType } from "../../orchestration/types.ts";
import type { StepDetail } from "../ExecutionState.ts";

/** Every attempt counts; empty where routing by intent was off. */
export async function handlerUseOf(db: Queryable, executionId: string): Promise<ReadonlyMap<IntentType, HandlerTotals>> {
  const steps = await loadSteps(db, executionId);
  return sumHandlers(
    steps.flatMap(({ detail }) => {
      const facts = detail === null ? undefined : (JSON.parse(detail) as StepDetail).handler;
      return facts === undefined ? [] : [facts];
    }),
  );
}
