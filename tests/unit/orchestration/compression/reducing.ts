// Reduces texts in tests with a small marker writer, and checks what every reducer promises.
import type { ReduceContext, Reducer, Reduction } from "../../../../lib/orchestration/compression/types.ts";
import { TokenCounter } from "../../../../lib/tokens/TokenCounter.ts";

const counter = await TokenCounter.load();

export function contextOf(options: { task?: string; level?: 0 | 1 | 2; fields?: readonly string[] } = {}): ReduceContext {
  return {
    counter,
    level: options.level ?? 1,
    mark: { marker: (text) => `[… ${text}]`, escape: (text) => text.replaceAll("[…", "(…") },
    ...(options.task === undefined ? {} : { task: options.task }),
    ...(options.fields === undefined ? {} : { fields: options.fields }),
  };
}

export function wholeView(reduction: Reduction): string {
  return reduction.render(new Set(reduction.units.keys()));
}

export function pinnedView(reduction: Reduction): string {
  return reduction.render(
    closed(
      reduction,
      [...reduction.units.keys()].filter((index) => reduction.units[index]?.pin !== undefined),
    ),
  );
}

/** The level 1 view; the content where nothing is gained. */
export function viewOf(reducer: Reducer, content: string, options: Parameters<typeof contextOf>[0] = {}): string {
  const reduction = reducer.reduce(content, contextOf(options));
  return reduction === null ? content : wholeView(reduction);
}

export function reduce(reducer: Reducer, content: string, options: Parameters<typeof contextOf>[0] = {}): Reduction {
  const reduction = reducer.reduce(content, contextOf(options));
  if (reduction === null) throw new Error("the reducer gained nothing");
  return reduction;
}

/** With parents, as selection hands sets to `render`. */
export function closed(reduction: Reduction, indices: readonly number[]): Set<number> {
  const kept = new Set<number>();
  for (const index of indices)
    for (let at: number | undefined = index; at !== undefined && !kept.has(at); at = reduction.units[at]?.parent) kept.add(at);
  return kept;
}

function everyThird(reduction: Reduction): Set<number> {
  return closed(
    reduction,
    [...reduction.units.keys()].filter((index) => index % 3 === 1),
  );
}

function brokenUnits(reduction: Reduction): string[] {
  const broken: string[] = [];
  let end = 0;
  for (const [index, { from, to, parent, weight = 0.5 }] of reduction.units.entries()) {
    if (from < end || to < from) broken.push(`unit ${index} overlaps: ${from}–${to} after ${end}`);
    if (parent !== undefined && parent >= index) broken.push(`unit ${index} has a later parent`);
    if (!(weight >= 0 && weight <= 1)) broken.push(`unit ${index} weighs ${weight}`);
    end = to;
  }
  return broken;
}

/** Promises of the contract in types.ts that are broken for this content; none is right. */
export function brokenPromises(reducer: Reducer, content: string, task?: string): string[] {
  const options = task === undefined ? {} : { task };
  const broken: string[] = [];
  const claim = (isTrue: boolean, text: string): void => {
    if (!isTrue) broken.push(text);
  };
  claim(reducer.reduce(content, contextOf({ ...options, level: 0 })) === null, "reduces at level 0");
  for (const level of [1, 2] as const) {
    const reduction = reducer.reduce(content, contextOf({ ...options, level }));
    if (reduction === null) continue;
    const view = wholeView(reduction);
    broken.push(...brokenUnits(reduction));
    claim(view.length <= content.length, "grows");
    const again = reducer.reduce(content, contextOf({ ...options, level }));
    claim(again !== null && wholeView(again) === view, "gives another view for the same content");
    const part = reduction.render(everyThird(reduction));
    claim(reduction.render(everyThird(reduction)) === part, "renders the same units in two ways");
    claim(part.length <= view.length + 24, "renders fewer units longer");
  }
  const first = reducer.reduce(content, contextOf(options));
  const second = first === null ? null : reducer.reduce(wholeView(first), contextOf(options));
  claim(first === null || second === null || wholeView(second) === wholeView(first), "is not idempotent");
  return broken;
}

/** Numbers in the markers of a view that count what was cut: `[… 3 rows cut]`, then `[… 12]`. */
export function cutCounts(view: string): number[] {
  return [...view.matchAll(/\[… (\d+)(?: [a-z]+ cut)?\]/g)].map((match) => Number(match[1]));
}
