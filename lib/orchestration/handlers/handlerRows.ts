// Rows of `orchestration_handlers` against what is registered: which apply, and the loose ends of both sides by name. Pure.
import type { IntentType } from "../types.ts";
import { isIntentType } from "./checkHandler.ts";

export interface HandlerRow {
  readonly intent: string;
  /** Class that the row is about. */
  readonly handlerClass: string;
  /** `standard` or `minimal`. */
  readonly optimizationLevel: string;
  readonly isEnabled: boolean;
}

export interface HandlerCheck {
  /** What applies, by intent. */
  readonly rows: ReadonlyMap<IntentType, HandlerRow>;
  /** One sentence each, for people: rows without code, code without rows, settings that mean nothing. */
  readonly warnings: readonly string[];
}

const LEVELS = ["standard", "minimal"];

/** @param registered class of each registered handler by intent */
export function checkRows(rows: readonly HandlerRow[], registered: ReadonlyMap<IntentType, string>): HandlerCheck {
  const applied = new Map<IntentType, HandlerRow>();
  const warnings: string[] = [];
  for (const row of rows) {
    const { intent, handlerClass, optimizationLevel, isEnabled } = row;
    if (!isIntentType(intent)) {
      warnings.push(`the row of ${handlerClass} is for an intent that does not exist: ${intent}`);
      continue;
    }
    const name = registered.get(intent);
    if (name === undefined) {
      warnings.push(`the row for ${intent} names ${handlerClass}, which nobody registered`);
      continue;
    }
    if (!LEVELS.includes(optimizationLevel))
      warnings.push(`the row for ${intent} has the level ${optimizationLevel}, which is read as standard (known: ${LEVELS.join(", ")})`);
    // A row about another class still closes the intent, but does not tune what it does not know.
    if (name !== handlerClass) warnings.push(`the row for ${intent} names ${handlerClass}, but ${name} is registered`);
    if (name === handlerClass || !isEnabled) applied.set(intent, row);
  }
  const inRows = new Set(rows.map(({ intent }) => intent));
  for (const [intent, name] of registered)
    if (!inRows.has(intent)) warnings.push(`${name} is registered for ${intent} and has no row: it is enabled, at level standard`);
  return { rows: applied, warnings };
}
