import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DEFAULT_WORKSPACE_ID, randomId, uuidv7, type WorkspaceId } from "../../../lib/core/ids.ts";
import type { Database } from "../../../lib/db/Database.ts";
import { writeFacts } from "../../../lib/db/UnitPart.ts";
import { createTestDatabase } from "../../../lib/testing/createTestDatabase.ts";
import { loadCalibration, saveCalibration } from "../../../lib/tokens/CalibrationStore.ts";
import { loadPriceOverrides, savePriceOverride } from "../../../lib/tokens/PriceStore.ts";
import { sumUsage, usageWriter } from "../../../lib/tokens/TokenUsageStore.ts";
import type { TokenUsageRow } from "../../../lib/tokens/types.ts";

let db: Database;
beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(async () => {
  await db.close();
});

const executionId = uuidv7();

function row(fields: Partial<TokenUsageRow> = {}): TokenUsageRow {
  return {
    id: uuidv7(),
    workspaceId: DEFAULT_WORKSPACE_ID,
    executionId,
    attemptId: uuidv7(),
    agentId: randomId(),
    userId: null,
    stepPath: "s1[2].send",
    provider: "openai",
    model: "gpt-5-mini",
    usage: { inputTokens: 100, outputTokens: 20, cacheReadTokens: 60 },
    costUsd: 65_000n,
    usageState: "reported",
    activityType: "step_execution",
    latencyMs: 812.4,
    isSuccess: true,
    errorCode: null,
    createdAtMs: Date.UTC(2026, 0, 2),
    ...fields,
  };
}

describe("usage rows", () => {
  test("are written once, failed calls included, and sum up per execution and workspace", async () => {
    const failed = row({
      usage: null,
      usageState: "assumed",
      isSuccess: false,
      errorCode: "STEP_TIMEOUT",
      costUsd: 1_000n,
      latencyMs: null,
    });
    const rows = [row(), row({ usage: { inputTokens: 5, outputTokens: 7, reasoningTokens: 3, cacheWriteTokens: 2 } }), failed];
    await writeFacts(db, usageWriter, rows);
    await writeFacts(db, usageWriter, rows);
    expect(await sumUsage(db, DEFAULT_WORKSPACE_ID, executionId)).toEqual({
      calls: 3,
      assumedCalls: 1,
      failedCalls: 1,
      inputTokens: 105,
      outputTokens: 27,
      cacheReadTokens: 60,
      cacheWriteTokens: 2,
      reasoningTokens: 3,
      costUsd: 131_000n,
    });
    expect(await sumUsage(db, randomId() as WorkspaceId, executionId)).toMatchObject({ calls: 0, costUsd: 0n });
  });

  test("of a call booked as lost are corrected by what it came to, once, and by nothing else", async () => {
    const id = randomId();
    const other = uuidv7();
    const lost = row({ id, executionId: other, usageState: "assumed", isSuccess: false, errorCode: "SESSION_LOST", costUsd: 900_000n });
    const known = row({ id, executionId: other, usage: { inputTokens: 7, outputTokens: 5 }, costUsd: 3_000n });
    for (const [written, seen] of [
      [lost, [1, 1, 900_000n]],
      [{ ...lost, costUsd: 1n }, [1, 1, 900_000n]],
      [known, [0, 0, 3_000n]],
      [lost, [0, 0, 3_000n]],
      [{ ...known, costUsd: 1n }, [0, 0, 3_000n]],
    ] as const) {
      await writeFacts(db, usageWriter, [written]);
      const { calls, assumedCalls, failedCalls, costUsd } = await sumUsage(db, DEFAULT_WORKSPACE_ID, other);
      expect([calls, assumedCalls, failedCalls, costUsd]).toEqual([1, ...seen]);
    }
  });

  test("with an unknown price make the sum unknown, not smaller", async () => {
    const other = uuidv7();
    await writeFacts(db, usageWriter, [row({ executionId: other }), row({ executionId: other, costUsd: null })]);
    expect(await sumUsage(db, DEFAULT_WORKSPACE_ID, other)).toMatchObject({ calls: 2, costUsd: null });
  });
});

test("learned factors survive a restart", async () => {
  const entry = { provider: "anthropic", model: "claude-opus-5-5", contentType: "json" as const, factor: 1.37, spread: 0.02, samples: 9 };
  await saveCalibration(db, [entry]);
  await saveCalibration(db, [{ ...entry, factor: 1.4, samples: 10 }]);
  expect(await loadCalibration(db)).toEqual([{ ...entry, factor: 1.4, samples: 10 }]);
});

test("an operator's prices come back exactly", async () => {
  const price = {
    provider: "ollama",
    model: "llama3",
    effectiveAtMs: Date.UTC(2026, 0, 1),
    inputUsdPerMillion: 0.123456789,
    outputUsdPerMillion: 2,
    cacheReadUsdPerMillion: null,
    cacheWriteUsdPerMillion: 0.5,
    contextWindowTokens: 8_192,
  };
  await savePriceOverride(db, price);
  await savePriceOverride(db, { ...price, outputUsdPerMillion: 3 });
  expect(await loadPriceOverrides(db)).toEqual([{ ...price, outputUsdPerMillion: 3 }]);
});
