import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { extractSummary } from "../../../lib/memory/extractSummary.ts";
import { maskedJson } from "../../../lib/memory/maskedJson.ts";
import { ended } from "./memories.ts";

describe("extractSummary", () => {
  test("says what was done with the output's own sentences", () => {
    const { summary, outcomes } = extractSummary(ended({ output: '"The invoice was paid. The supplier was told."' }));

    expect(summary).toBe("orders completed: The invoice was paid.");
    expect(outcomes).toEqual(["The supplier was told."]);
  });

  test("says of what it failed, and finds that no success", () => {
    expect(extractSummary(ended({ status: "failed", output: "", error: "TIMEOUT: too slow" }))).toMatchObject({
      summary: "orders failed: TIMEOUT: too slow",
      outcomes: [],
    });
  });

  test("tells what a person said", () => {
    expect(extractSummary(ended({ comments: ["not again"] })).summary).toContain("A person said: not again");
  });

  test("describes structured outputs, and says when there was none", () => {
    expect(extractSummary(ended({ output: '[{"status":"open","total":3},{"status":"paid","total":5}]' })).summary.length).toBeGreaterThan(
      20,
    );
    expect(extractSummary(ended({ output: "" })).summary).toBe("orders completed: no output");
    expect(extractSummary(ended({ output: "42" })).summary).toBe("orders completed: 42");
    expect(extractSummary(ended({ output: "null" })).summary).toBe("orders completed: no output");
  });

  test("gives bounded lines, whatever the output", () => {
    fc.assert(
      fc.property(fc.oneof(fc.json({ maxDepth: 4 }), fc.string({ maxLength: 3_000 }).map(maskedJson)), (output) => {
        const { summary, outcomes } = extractSummary(ended({ output }));

        expect(summary.length).toBeLessThanOrEqual(600);
        expect(outcomes.length).toBeLessThanOrEqual(2);
        expect([summary, ...outcomes].every((line) => !line.includes("\n"))).toBe(true);
      }),
    );
  });
});
