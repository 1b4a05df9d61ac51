import { describe, expect, test } from "vitest";
import type { JsonValue } from "../../../../lib/core/json.ts";
import { DEFAULT_SETTINGS } from "../../../../lib/orchestration/budgets/GovernanceSettings.ts";
import { CONCLUDE_NOTICE, FINAL_NOTICE, LoopBrake, type TurnFacts } from "../../../../lib/orchestration/budgets/LoopBrake.ts";

const brake = (maxIterations = 50): LoopBrake => new LoopBrake({ ...DEFAULT_SETTINGS, maxIterations });

function turn(change: Partial<TurnFacts> & { readonly number?: number } = {}): TurnFacts {
  const { number = 0, ...facts } = change;
  return { tokens: 500, toolCalls: [{ tool: "search", arguments: { page: number } }], usedShare: 0.1, ...facts };
}

describe("LoopBrake", () => {
  test("lets a loop go on, and never brakes its answer", () => {
    const loop = brake(3);

    expect(loop.record(turn({ number: 1 }))).toEqual({ kind: "go_on" });
    expect(loop.record(turn({ number: 2 }))).toEqual({ kind: "go_on" });
    expect(loop.record(turn({ toolCalls: [], usedShare: 2 }))).toEqual({ kind: "go_on" });
  });

  test("stops at its iterations", () => {
    const loop = brake(2);
    loop.record(turn({ number: 1 }));

    expect(loop.record(turn({ number: 2 }))).toEqual({ kind: "stop", reason: "iterations", why: "the loop had 2 of 2 turns" });
  });

  test("stops before the same tool runs with the same arguments for the third time, whatever their order", () => {
    const loop = brake();
    loop.record(turn({ toolCalls: [{ tool: "search", arguments: { a: 1, b: [2] } }] }));
    loop.record(turn({ toolCalls: [{ tool: "search", arguments: { a: 1, b: [3] } }] }));
    loop.record(turn({ toolCalls: [{ tool: "search", arguments: { b: [2], a: 1 } }] }));

    expect(loop.record(turn({ toolCalls: [{ tool: "fetch", arguments: { a: 1, b: [2] } }] }))).toEqual({ kind: "go_on" });
    expect(loop.record(turn({ toolCalls: [{ tool: "search", arguments: { a: 1, b: [2] } }] }))).toEqual({
      kind: "stop",
      reason: "same_call",
      why: "search is called with the same arguments for the third time",
    });
  });

  test("takes arguments nested beyond any stack", () => {
    let deep: JsonValue = [];
    for (let level = 0; level < 100_000; level += 1) deep = [deep];

    expect(brake().record(turn({ toolCalls: [{ tool: "search", arguments: deep }] }))).toEqual({ kind: "go_on" });
  });

  test("counts repeats within one turn, too", () => {
    const call = { tool: "search", arguments: null };

    expect(brake().record(turn({ toolCalls: [call, call, call] }))).toMatchObject({ reason: "same_call" });
  });

  test("stops when the last turns take several times what those before took", () => {
    const loop = brake();
    for (let number = 0; number < 6; number += 1) loop.record(turn({ number }));
    loop.record(turn({ number: 6, tokens: 4_000 }));

    expect(loop.record(turn({ number: 7, tokens: 9_000 }))).toMatchObject({ kind: "stop", reason: "spend_rate" });
  });

  test("does not take small turns that grow for a rate", () => {
    const loop = brake();
    for (let number = 0; number < 6; number += 1) loop.record(turn({ number, tokens: 10 }));

    expect(loop.record(turn({ number: 7, tokens: 500 }))).toEqual({ kind: "go_on" });
  });

  test("tells once to conclude at 80 % of the budget", () => {
    const loop = brake();

    expect(loop.record(turn({ number: 1, usedShare: 0.79 }))).toEqual({ kind: "go_on" });
    expect(loop.record(turn({ number: 2, usedShare: 0.8 }))).toEqual({ kind: "conclude", text: CONCLUDE_NOTICE });
    expect(loop.record(turn({ number: 3, usedShare: 0.85 }))).toEqual({ kind: "go_on" });
  });

  test("leaves only the final step from 95 % on", () => {
    const loop = brake();

    expect(loop.record(turn({ number: 1, usedShare: 0.95 }))).toEqual({ kind: "final_only", text: FINAL_NOTICE });
    expect(loop.record(turn({ number: 2, usedShare: 0.5 }))).toEqual({ kind: "final_only", text: FINAL_NOTICE });
  });

  test("knows no share where nothing is allocated", () => {
    expect(brake().record(turn({ usedShare: null }))).toEqual({ kind: "go_on" });
  });
});
