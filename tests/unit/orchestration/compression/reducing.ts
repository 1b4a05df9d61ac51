// Reduces texts in tests with a small marker writer, and checks what every reducer promises.
import { expect } from "vitest";
import type { ReduceContext, Reducer, Reduction } from "../../../../lib/orchestration/compression/types.ts";
import { TokenCounter } from "../../../../lib/tokens/TokenCounter.ts";

const counter = await TokenCounter.load();
const MARKER = /\[… [^\]\n]*\]/g;

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

/** What the contract in types.ts says of units, views and repetition. */
export function expectPromises(reducer: Reducer, content: string, task?: string): void {
  const options = task === undefined ? {} : { task };
  expect(reducer.reduce(content, contextOf({ ...options, level: 0 }))).toBeNull();
  for (const level of [1, 2] as const) {
    const reduction = reducer.reduce(content, contextOf({ ...options, level }));
    if (reduction === null) continue;
    const view = wholeView(reduction);
    expect(view.length).toBeLessThanOrEqual(content.length);
    let end = 0;
    for (const [index, unit] of reduction.units.entries()) {
      expect(unit.from).toBeGreaterThanOrEqual(end);
      expect(unit.to).toBeGreaterThanOrEqual(unit.from);
      end = unit.to;
      if (unit.parent !== undefined) expect(unit.parent).toBeLessThan(index);
      expect(unit.weight ?? 0.5).toBeGreaterThanOrEqual(0);
      expect(unit.weight ?? 0.5).toBeLessThanOrEqual(1);
    }
    const again = reducer.reduce(content, contextOf({ ...options, level }));
    expect(again === null ? null : wholeView(again)).toBe(view);
    const part = reduction.render(everyThird(reduction));
    expect(reduction.render(everyThird(reduction))).toBe(part);
    expect(part.length).toBeLessThanOrEqual(view.length + 24);
  }
  const first = reducer.reduce(content, contextOf(options));
  if (first === null) return;
  const second = reducer.reduce(wholeView(first), contextOf(options));
  if (second !== null) expect(wholeView(second)).toBe(wholeView(first));
}

/** Numbers in the markers of a view that count what was cut. */
export function cutCounts(view: string): number[] {
  return (view.match(MARKER) ?? [])
    .filter((marker) => marker.includes(" cut"))
    .map((marker) => Number(/\d+/.exec(marker)?.[0] ?? Number.NaN));
}
