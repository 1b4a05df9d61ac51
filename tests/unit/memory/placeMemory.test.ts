import type { ModelMessage } from "ai";
import { describe, expect, test } from "vitest";
import { placeMemory } from "../../../lib/memory/placeMemory.ts";
import { renderMemory } from "../../../lib/memory/renderMemory.ts";
import type { MemorySection } from "../../../lib/memory/types.ts";

const sections: MemorySection[] = [{ title: "History", lines: ["2025-03-01, completed: Imported 40 orders."] }];
const text = renderMemory(sections);
const mark = { anthropic: { cacheControl: { type: "ephemeral" } } };

describe("placeMemory", () => {
  test("stands before the step's own data", () => {
    const { messages } = placeMemory([{ role: "user", content: "<data>\nx\n</data>\n\ndo it" }], { sections });

    expect(messages).toEqual([{ role: "user", content: `${text}<data>\nx\n</data>\n\ndo it` }]);
  });

  test("stands after shared data, whose cached beginning stays as it is", () => {
    const shared = { type: "text", text: "<data>\nlong\n</data>\n\n", providerOptions: mark } as const;
    const rest = { type: "text", text: "do it" } as const;

    expect(placeMemory([{ role: "user", content: [shared, rest] }], { sections }).messages).toEqual([
      { role: "user", content: [shared, { type: "text", text }, rest] },
    ]);
  });

  test("leaves the growing end of a loop alone: the beginning is the same in every turn", () => {
    const first: ModelMessage[] = [{ role: "user", content: "go" }];
    const later: ModelMessage[] = [...first, { role: "assistant", content: "Imported 40 orders." }, { role: "user", content: "and now?" }];
    const [before] = placeMemory(first, { sections }).messages;
    const [after, ...others] = placeMemory(later, { sections }).messages;

    expect(after).toEqual(before);
    expect(others).toEqual(later.slice(1));
  });

  test("adds nothing that the message says already", () => {
    const messages: ModelMessage[] = [{ role: "user", content: "imported 40 orders" }];

    expect(placeMemory(messages, { sections })).toEqual({ messages, text: "" });
  });

  test("has no place where nobody asks", () => {
    const messages: ModelMessage[] = [{ role: "assistant", content: "hm" }];

    expect(placeMemory(messages, { sections })).toEqual({ messages, text: "" });
  });
});
