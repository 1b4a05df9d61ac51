// A long content that every element of a scatter asks about: sent alike, marked for the provider's cache, the first element ahead of the others.
import { describe, expect, test } from "vitest";
import type { JsonObject } from "../../../lib/core/json.ts";
import type { ModelRequest } from "../../../lib/models/types.ts";
import { defineWorkflow } from "../../../lib/workflow/defineWorkflow.ts";
import { createTestSystem } from "../testSystem.ts";

const ON: JsonObject = { token_governance_enabled: true };
const handbook = Array.from({ length: 160 }, (_, index) => `Rule ${index}: parcels of class ${index % 9} leave by gate ${index % 5}.`).join(
  "\n",
);

const answers = defineWorkflow({
  name: "handbook answers",
  model: "openai/gpt-4o-mini",
  maxConcurrency: 8,
  steps: [
    { id: "read", type: "action", plugin: "probe", action: "read", params: { text: handbook } },
    {
      id: "all",
      type: "scatter_gather",
      scatter: {
        input: ["class 1", "class 2", "class 3", "class 4", "class 5"],
        itemVariable: "topic",
        steps: [{ id: "answer", type: "ai_processing", prompt: "Which gate serves {{topic}}?", input: "{{read.text}}" }],
      },
      gather: { operation: "collect" },
    },
  ],
});

interface Part {
  readonly text: string;
  readonly providerOptions?: JsonObject;
}

function partsOf(request: ModelRequest): readonly Part[] | string {
  return request.messages[0]?.content as unknown as readonly Part[] | string;
}

describe("content that all elements of a scatter share", () => {
  test("is the same bytes for each, with a cache mark after it, and whole", async () => {
    await using system = await createTestSystem({ script: () => ({ text: "Gate 1." }) });
    const report = await system.run({ definition: answers, flags: ON });
    const parts = system.model.requests.map(partsOf);

    expect(report.status).toBe("completed");
    expect(parts).toHaveLength(5);
    const firsts = new Set(parts.map((content) => (typeof content === "string" ? content : content[0]?.text)));
    expect(firsts.size).toBe(1);
    for (const content of parts) {
      expect(typeof content).not.toBe("string");
      expect((content as readonly Part[])[0]?.providerOptions).toEqual({ anthropic: { cacheControl: { type: "ephemeral" } } });
      expect((content as readonly Part[])[1]?.providerOptions).toBeUndefined();
    }
    for (const rule of [0, 77, 159]) expect([...firsts][0]).toContain(`Rule ${rule}:`);
  });

  test("is asked about by the first element alone until its first token, then by all others at once", async () => {
    let open = 0;
    let most = 0;
    const starts: number[] = [];
    const gate = Promise.withResolvers<void>();
    await using system = await createTestSystem({
      script: async (_request, call) => {
        starts.push(call);
        open += 1;
        most = Math.max(most, open);
        if (call === 0) setTimeout(gate.resolve, 50);
        if (call === 0) await gate.promise;
        const onlyOne = call === 0 ? starts.length : 0;
        open -= 1;
        return { text: call === 0 ? `first of ${onlyOne}` : "Gate 1." };
      },
    });
    const report = await system.run({ definition: answers, flags: ON });

    expect(report.status).toBe("completed");
    expect(JSON.stringify(report.output)).toContain("first of 1");
  });

  test("keeps its old form with the flag off: one text, all elements at once", async () => {
    await using system = await createTestSystem({ script: () => ({ text: "Gate 1." }) });
    await system.run({ definition: answers });

    for (const request of system.model.requests) expect(typeof partsOf(request)).toBe("string");
  });
});
