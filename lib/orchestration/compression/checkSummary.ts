// Whether a summary may stand in place of a view: shorter, nothing made up, and how much of the view it still says. It writes none.
import type { CompressedContent } from "../types.ts";
import { atomsOf, checkedFacts } from "./atoms.ts";

export interface SummaryVerdict {
  /** Why it may not be shown; null: it may. */
  readonly fault: string | null;
  /** Share of the view's facts that the summary holds, 0–1. */
  readonly kept: number;
}

export function checkSummary(
  summary: string,
  tokens: number,
  { view, tokensOut }: Pick<CompressedContent, "view" | "tokensOut">,
): SummaryVerdict {
  const known = new Set(checkedFacts(view));
  const invented = checkedFacts(summary).find((fact) => !known.has(fact));
  const said = atomsOf(summary);
  const facts = [...atomsOf(view)];
  const kept = facts.length === 0 ? 1 : facts.filter((fact) => said.has(fact)).length / facts.length;
  if (summary.trim() === "") return { fault: "the summary is empty", kept: 0 };
  if (tokens >= tokensOut) return { fault: "the summary is no shorter", kept };
  return { fault: invented === undefined ? null : `the summary says ${invented.slice(0, 60)}, which the content does not`, kept };
}
