// Tool loops under governance: long results are shown as views, `expand` brings back the rest, and a restart shows the same again.
import { describe, expect, test } from "vitest";
import { AppError } from "../../../lib/core/errors.ts";
import type { JsonObject } from "../../../lib/core/json.ts";
import type { ModelRequest } from "../../../lib/models/types.ts";
import type { ScriptedAnswer } from "../../../lib/testing/ScriptedModel.ts";
import { defineWorkflow } from "../../../lib/workflow/defineWorkflow.ts";
import { createTestSystem, type TestSystem } from "../testSystem.ts";

const ON: JsonObject = { orchestration_intents_enabled: true, token_governance_enabled: true };

/** Invented; the same long links in every row, which nobody reads. */
const shipments = Array.from({ length: 90 }, (_, index) => ({
  id: `SHP-${4_000 + index}`,
  state: index === 41 ? "lost" : "delivered",
  weight_kg: 1 + (index % 7),
  _links: { self: { href: `https://api.example.com/v2/shipments/${4_000 + index}?expand=all&locale=en&trace=${index * 7919}` } },
}));

const agent = defineWorkflow({
  name: "shipments",
  model: "openai/gpt-4o-mini",
  steps: [{ id: "ask", type: "llm_decision", prompt: "Which shipment is lost, and where is it?", plugins: ["probe"] }],
});

const fetchAll: ScriptedAnswer = { toolCalls: [{ name: "probe__read", arguments: { all: true } }] };

/** The last thing that the model was given. */
function lastText(request: ModelRequest | undefined): string {
  return JSON.stringify(request?.messages.at(-1)?.content ?? null);
}

function toolNames(request: ModelRequest | undefined): string[] {
  return (request?.tools ?? []).map(({ name }) => name);
}

function handleIn(request: ModelRequest): string {
  return /expand\(\{\\+"handle\\+":\\+"([0-9a-f]{12})/.exec(JSON.stringify(request.messages))?.[1] ?? "none";
}

const expandLinks = (request: ModelRequest): ScriptedAnswer => ({
  toolCalls: [{ name: "expand", arguments: { handle: handleIn(request), find: "SHP-4041" } }],
});

async function openShipments(script: readonly (ScriptedAnswer | ((request: ModelRequest) => ScriptedAnswer))[]): Promise<TestSystem> {
  let at = 0;
  const opened = await createTestSystem({
    script: (request) => {
      const next = script[at] ?? { text: "SHP-4041 is lost." };
      at += 1;
      return typeof next === "function" ? next(request) : next;
    },
  });
  opened.probe.behave = async () => shipments;
  return opened;
}

describe("a long tool result", () => {
  test("is shown as a view with a handle, and expand gives back what the view left out", async () => {
    await using opened = await openShipments([fetchAll, expandLinks]);
    const report = await opened.run({ definition: agent, flags: ON });
    const [first, second, third] = opened.model.requests;

    expect(report.status).toBe("completed");
    expect(toolNames(first)).not.toContain("expand");
    expect(toolNames(second)).toContain("expand");
    expect(lastText(second)).toContain("SHP-4041");
    expect(lastText(second)).not.toContain("api.example.com");
    expect(lastText(third)).toContain("https://api.example.com/v2/shipments/4041");
    // The tool itself ran once: what it gave is read back from its row.
    expect(opened.probe.calls).toHaveLength(1);
    const { savings } = await opened.system.receipt(report.executionId);
    expect(savings?.lines.find(({ cause }) => cause === "own costs")?.tokens).toBeGreaterThan(0);
  });

  test("is sent as it is with the flag off, and nobody is offered expand", async () => {
    await using opened = await openShipments([fetchAll]);
    await opened.run({ definition: agent });

    expect(lastText(opened.model.requests[1])).toContain("api.example.com");
    expect(opened.model.requests.flatMap(toolNames)).not.toContain("expand");
  });

  test("is sent as it is when its tool is asked again", async () => {
    await using opened = await openShipments([fetchAll, fetchAll]);
    await opened.run({ definition: agent, flags: ON });

    expect(lastText(opened.model.requests[1])).not.toContain("api.example.com");
    expect(lastText(opened.model.requests[2])).toContain("api.example.com");
  });

  test("a handle that was never shown opens nothing", async () => {
    await using opened = await openShipments([fetchAll, { toolCalls: [{ name: "expand", arguments: { handle: "000000000000" } }] }]);
    const report = await opened.run({ definition: agent, flags: ON });

    expect(lastText(opened.model.requests[2])).toContain("There is no content behind");
    expect(report.status).toBe("completed");
  });

  test("opening handles does not count as a turn, and is braked when it never ends", async () => {
    const definition = { ...agent, steps: agent.steps.map((step) => ({ ...step, maxIterations: 2 })) };
    await using enough = await openShipments([fetchAll, expandLinks]);
    await using never = await openShipments([fetchAll, ...Array.from({ length: 9 }, () => expandLinks)]);

    const [once, endless] = [await enough.run({ definition, flags: ON }), await never.run({ definition, flags: ON })];

    expect(once.status).toBe("completed");
    expect(endless.status).toBe("failed");
    expect(endless.error?.code).toBe("LOOP_LIMIT");
    expect(never.model.requests.length).toBeLessThan(6);
  });
});

describe("a new attempt in the middle of the loop", () => {
  test("shows the same view under the same handle, and neither tool nor model is asked again", async () => {
    const retried = agent.steps.map((step) => ({ ...step, retryPolicy: { maxRetries: 1, backoffMs: 1 } }));
    const busy = new AppError("UPSTREAM_UNAVAILABLE", "busy", { retry: "later", details: { mayHaveSpent: false } });
    await using opened = await openShipments([fetchAll, expandLinks, { error: busy }]);

    const report = await opened.run({ definition: { ...agent, steps: retried }, flags: ON });
    const [, , failed, again] = opened.model.requests;

    expect(report.status).toBe("completed");
    expect(opened.model.requests).toHaveLength(4);
    expect(opened.probe.calls).toHaveLength(1);
    expect(again?.messages).toEqual(failed?.messages);
    expect(toolNames(again)).toEqual(toolNames(failed));
  });
});
