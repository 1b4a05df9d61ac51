// What the receipt shows of calls whose usage nobody reported: the ids that `budgets reconcile` takes.
import { Writable } from "node:stream";
import { expect, test } from "vitest";
import { showReceipt } from "../../../lib/cli/commands/executions/receipt.ts";
import { Output } from "../../../lib/cli/output.ts";
import type { Receipt } from "../../../lib/receiptApi.ts";

class Screen extends Writable {
  text = "";
  readonly isTTY = false;
  readonly columns = 80;

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString("utf8");
    done();
  }
}

const call = {
  path: "summarise",
  provider: "openai",
  model: "gpt-4o-mini",
  reservedTokens: 1_200,
  usedTokens: 1_200,
  reservedUsd: 0.0123,
  usedUsd: 0.0123,
  dispatchedAt: "2026-01-05T10:00:00.000Z",
};
const [lost, reported] = ["0197b3a0-0000-7000-8000-00000000000a", "0197b3a0-0000-7000-8000-00000000000b"];
const base: Receipt = {
  executionId: "0197b3a0-0000-7000-8000-000000000001",
  status: "completed",
  paidUsd: 0.02,
  limitUsd: null,
  baselineUsd: null,
  pricedAs: null,
  memory: null,
  lines: [],
  calls: [
    { ...call, attemptId: lost, state: "assumed" },
    { ...call, attemptId: reported, state: "settled", dispatchedAt: "2026-01-05T10:00:09.000Z" },
  ],
  unknown: { callsWithoutPrice: 0, callsAssumed: 1 },
  overrunUsd: 0,
  savings: null,
};

function shown(receipt: Receipt): string {
  const [stdout, stderr] = [new Screen(), new Screen()];
  showReceipt({ output: new Output({ stdout, stderr, env: {}, isJson: false, isQuiet: false, mayColor: false }) }, receipt);
  return stdout.text;
}

test("lists assumed calls with attempt id and time, each on a line of its own, and no other call", () => {
  const text = shown(base);

  expect(text).toMatch(new RegExp(`^ *${lost} +summarise +2026-01-05T10:00:00Z *$`, "m"));
  expect(text).not.toContain(reported);
  expect(text).toContain("budgets reconcile");
  expect(text.split("\n").filter((line) => line.length > 80)).toEqual([]);
});

test("says nothing of reconciling when every call was reported", () => {
  expect(shown({ ...base, calls: base.calls.slice(1), unknown: { callsWithoutPrice: 0, callsAssumed: 0 } })).not.toContain("reconcile");
});
