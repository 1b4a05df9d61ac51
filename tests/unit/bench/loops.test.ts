import { describe, expect, test } from "vitest";
import { benchLoops, replayLoops, type ArmResult } from "../../../bench/runs/loops.ts";
import type { RecordedCall } from "../../../bench/runs/recordedLoops.ts";
import { standsIn, valuesOf } from "../../../bench/runs/statedValues.ts";
import type { SdkMessage, ViewCompressor } from "../../../lib/ai-sdk/types.ts";
import { TokenCounter } from "../../../lib/tokens/TokenCounter.ts";

const ROWS = `${Array.from({ length: 600 }, (_, row) => `row ${row} is fine`).join("\n")}\nparcel ZX-4711 is lost`;

const firstRows: ViewCompressor = {
  compress: (content) =>
    Promise.resolve({
      view: content.slice(0, 200),
      tokensIn: 3_000,
      tokensOut: 50,
      lossless: false,
      quality: 4,
      qualityLowerBound: 4,
      level: 1,
      stages: [],
      facts: { total: 0, retained: 0, recoverable: 0, lost: 0 },
      handles: [],
      outcome: "ok",
    }),
};

function run(text: string): RecordedCall[] {
  const prompt: SdkMessage[] = [
    { role: "user", content: [{ type: "text", text: "What is wrong?" }] },
    { role: "assistant", content: [{ type: "tool-call", toolCallId: "1", toolName: "parcels", input: {} }] },
    { role: "tool", content: [{ type: "tool-result", toolCallId: "1", toolName: "parcels", output: { type: "text", value: ROWS } }] },
  ];
  const thanks: SdkMessage[] = [
    { role: "assistant", content: [{ type: "text", text }] },
    { role: "user", content: [{ type: "text", text: "Thanks." }] },
  ];
  return [
    { prompt, answer: { text, inputs: [] } },
    { prompt: [...prompt, ...thanks], answer: { text: "Bye.", inputs: [] } },
  ];
}

async function replay(text: string): Promise<ArmResult> {
  return replayLoops([run(text)], await TokenCounter.load(), { views: { level: 1 }, offersExpand: true, compressor: firstRows });
}

describe("replay of recorded loops", () => {
  test("charges a stated value that no view shows as a whole call, and its source from then on", async () => {
    const visible = await replay("Row 3 is fine.");
    const hidden = await replay("Parcel ZX-4711 is lost.");

    expect([visible.refetches, hidden.refetches]).toEqual([0, 1]);
    expect(visible.savedPercent).toBeGreaterThan(90);
    expect(hidden.savedPercent).toBeLessThan(0);
  });

  test("gives rows without a value where the data is missing", async () => {
    const rows = await benchLoops("/no/such/folder");

    expect(rows.map(({ name, value, pass }) => [name, value, pass])).toEqual([
      ["saved_percent.loops", null, null],
      ["saved_percent.loops_opt_in", null, null],
      ["refetches", null, null],
    ]);
  });
});

describe("stated values", () => {
  test("are figures, ids, dates, addresses, codes, and every argument", () => {
    const values = valuesOf({
      text: "Flight HAT069 from JFK costs $1,204.50 on 2024-05-20; write to mia@example.com.",
      inputs: [{ name: "Mia Li", legs: [{ bags: 12 }] }],
    });

    expect([...values].toSorted()).toEqual(["12", "1204.50", "2024-05-20", "HAT069", "JFK", "Mia Li", "mia@example.com"]);
  });

  test("stand in a text as a whole or not at all", () => {
    expect([standsIn("in 2012", "12"), standsIn("id:12,x", "12"), standsIn("A12", "12"), standsIn("2012 12", "12")]).toEqual([
      false,
      true,
      false,
      true,
    ]);
  });
});
