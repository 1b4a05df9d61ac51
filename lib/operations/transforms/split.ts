// split: a list into lists of a given size, or into a given number of nearly equal lists.
import { z } from "zod";
import { requireList, transformInvalid } from "./rows.ts";
import { defineTransform } from "./types.ts";

export const split = defineTransform({
  name: "split",
  aliases: ["chunk", "batch"],
  summary: "A list into lists of `size` items, or into `count` lists.",
  configSchema: z.strictObject({
    size: z.int().min(1).optional().describe("Items per list. Either this or `count`."),
    count: z.int().min(1).max(100_000).optional().describe("Nearly equal parts, the longer ones first; never more parts than items."),
  }),
  apply: (input, config) => {
    const { size, count } = config;
    if ((size === undefined) === (count === undefined)) {
      throw transformInvalid("split", "size", { expected: "either size or count", got: size === undefined ? "neither" : "both" });
    }
    const items = requireList("split", input);
    if (size !== undefined)
      return Array.from({ length: Math.ceil(items.length / size) }, (_, index) => items.slice(index * size, (index + 1) * size));
    const parts = Math.min(count ?? 1, items.length);
    const base = Math.floor(items.length / Math.max(parts, 1));
    const longer = items.length - base * parts;
    return Array.from({ length: parts }, (_, index) => {
      const start = index * base + Math.min(index, longer);
      return items.slice(start, start + base + (index < longer ? 1 : 0));
    });
  },
});
