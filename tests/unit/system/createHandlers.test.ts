import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { systemClock } from "../../../lib/core/clock.ts";
import { DEFAULT_WORKSPACE_ID } from "../../../lib/core/ids.ts";
import { silentLogger } from "../../../lib/core/logger.ts";
import type { Database } from "../../../lib/db/Database.ts";
import { GenerateHandler } from "../../../lib/orchestration/IntentHandlers/GenerateHandler.ts";
import { INTENT_TYPES } from "../../../lib/orchestration/handlers/checkHandler.ts";
import { createHandlers } from "../../../lib/system/createHandlers.ts";
import { loadHandlers } from "../../../lib/system/loadHandlers.ts";

const moduleOf = (name: string): string => fileURLToPath(new URL(`modules/${name}.ts`, import.meta.url));

/** Rows as the table holds them, a workspace's own last. */
const rows = [
  { intent: "send", handler_class: "OwnSendHandler", optimization_level: null, enabled: null },
  { intent: "extract", handler_class: "ExtractHandler", optimization_level: "minimal", enabled: false },
];
const db = { query: async () => ({ rows }) } as unknown as Database;
const parts = { db, clock: systemClock, logger: silentLogger };

describe("createHandlers", () => {
  test("registers the seven, in their places those of the configuration, then those of code; rows apply", async () => {
    class LastHandler extends GenerateHandler {}
    const { registry } = await createHandlers([new LastHandler()], {
      ...parts,
      config: { handlers: [moduleOf("own"), moduleOf("several")] },
    });

    expect(INTENT_TYPES.filter((intent) => registry.get(intent) === null)).toEqual([]);
    const names = await Promise.all(
      (["send", "generate", "extract"] as const).map(async (intent) => (await registry.standingOf(intent)).handler),
    );
    expect(names).toEqual(["OwnSendHandler", "LastHandler", "ExtractHandler"]);
  });

  test("applies the rows of the table", async () => {
    const router = await createHandlers([], { ...parts, config: { handlers: [moduleOf("own")] } });
    const send = { id: "s", type: "action", plugin: "p", action: "a", params: {} } as const;

    expect(await router.find(send, "send", DEFAULT_WORKSPACE_ID)).toMatchObject({ handler: "OwnSendHandler", isMissing: false });
    expect(await router.find(send, "extract", DEFAULT_WORKSPACE_ID)).toMatchObject({ handler: null, isMissing: true });
  });
});

describe("loadHandlers", () => {
  test.each([
    ["nothing", /exports neither `handler` nor `handlers`/],
    ["half", /has no method init/],
    ["absent", /absent\.ts/],
  ])("names the module that brings no handler: %s", async (name, told) => {
    await expect(loadHandlers([moduleOf(name)])).rejects.toMatchObject({
      code: "HANDLER_INVALID",
      message: expect.stringMatching(told) as string,
    });
  });

  test("loads nothing where nothing is listed", async () => {
    expect(await loadHandlers([])).toEqual([]);
  });
});
