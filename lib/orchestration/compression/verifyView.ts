// The last look at a view before a model sees it: markers ours and true, pinned facts there, nothing made up. By other means than those that made it.
import { checkedFacts } from "./atoms.ts";
import type { Markers } from "./markers.ts";
import type { Reduction } from "./types.ts";

/** @returns why the view may not be shown; null: it may */
export function verifyView(
  _content: string,
  { candidate, kept }: { readonly candidate: { readonly view: string }; readonly kept: ReadonlySet<number> },
  { mark, reduction }: { readonly mark: Markers; readonly reduction: Reduction },
): string | null {
  const { view } = candidate;
  if (!mark.areTrueIn(view)) return "something in the view looks like a marker and is none of ours";
  const seen = new Set(checkedFacts(view));
  for (const [index, unit] of reduction.units.entries()) {
    if (unit.pin === undefined) continue;
    if (!kept.has(index)) return `a pinned unit is missing: ${unit.pin}`;
    for (const fact of checkedFacts(unit.text)) if (!seen.has(fact)) return `a pinned fact is missing: ${fact.slice(0, 60)}`;
  }
  return null;
}
