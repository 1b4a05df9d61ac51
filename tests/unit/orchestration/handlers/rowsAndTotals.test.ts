import { describe, expect, test } from "vitest";
import { DEFAULT_WORKSPACE_ID } from "../../../../lib/core/ids.ts";
import type { Queryable } from "../../../../lib/db/Database.ts";
import { loadHandlerRows } from "../../../../lib/orchestration/handlers/HandlerStore.ts";
import { sumHandlers } from "../../../../lib/orchestration/handlers/sumHandlers.ts";
import type { HandlerFacts } from "../../../../lib/orchestration/types.ts";
import { handlerUseOf } from "../../../../lib/pilot/handlers/handlerUse.ts";

describe("loadHandlerRows", () => {
  test("reads what is not said as the table's own defaults, and lets a workspace's row stand above the one for all", async () => {
    const rows = [
      { intent: "send", handler_class: "SendHandler", optimization_level: "standard", enabled: true },
      { intent: "extract", handler_class: "ExtractHandler", optimization_level: null, enabled: null },
      { intent: "send", handler_class: "SendHandler", optimization_level: "minimal", enabled: false },
    ];
    const db = { query: async () => ({ rows }) } as unknown as Queryable;

    expect(await loadHandlerRows(db, DEFAULT_WORKSPACE_ID)).toEqual([
      { intent: "send", handlerClass: "SendHandler", optimizationLevel: "minimal", isEnabled: false },
      { intent: "extract", handlerClass: "ExtractHandler", optimizationLevel: "standard", isEnabled: true },
    ]);
  });
});

describe("sumHandlers", () => {
  test("adds up by intent: what was performed, how well, what took the direct path instead; observing counts for nothing", () => {
    const facts: HandlerFacts[] = [
      { name: "A", intent: "send", mode: "on", succeeded: true, ms: 2, tokens: 10, savedTokens: 4 },
      { name: "A", intent: "send", mode: "on", succeeded: false, ms: 3, tokens: 5 },
      { name: "A", intent: "send", mode: "on", degraded: "no memory" },
      { name: "B", intent: "extract", mode: "observe" },
      { name: "C", intent: "validate", mode: "on", succeeded: true },
    ];

    expect([...sumHandlers(facts)]).toEqual([
      ["send", { executions: 2, succeeded: 1, degraded: 1, ms: 5, tokens: 15, savedTokens: 4 }],
      ["validate", { executions: 1, succeeded: 1, degraded: 0, ms: 0, tokens: 0, savedTokens: 0 }],
    ]);
  });

  test("is read from the rows of an execution, attempt by attempt", async () => {
    const handler = { name: "A", intent: "send", mode: "on", succeeded: true, ms: 1, tokens: 2, savedTokens: 0 };
    const details = [JSON.stringify({ handler }), null, JSON.stringify({ reason: "x" })];
    const db = { query: async () => ({ rows: details.map((detail) => ({ detail })) }) } as unknown as Queryable;

    expect([...(await handlerUseOf(db, "e"))]).toEqual([
      ["send", { executions: 1, succeeded: 1, degraded: 0, ms: 1, tokens: 2, savedTokens: 0 }],
    ]);
  });
});
