import { describe, expect, test } from "vitest";
import { DEFAULT_WORKSPACE_ID } from "../../../../lib/core/ids.ts";
import type { Queryable } from "../../../../lib/db/Database.ts";
import { loadHandlerRows } from "../../../../lib/orchestration/handlers/HandlerStore.ts";

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
