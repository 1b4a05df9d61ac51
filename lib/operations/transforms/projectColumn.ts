// project_column: one column of a list, flat.
import { z } from "zod";
import { readColumn, requireList } from "./rows.ts";
import { defineTransform } from "./types.ts";

const column = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("by_index"), index: z.int().min(0) }),
  z.strictObject({ kind: z.literal("by_field"), field: z.string().min(1) }),
  z.strictObject({ kind: z.literal("by_field_path"), path: z.string().min(1) }),
]);

export const projectColumn = defineTransform({
  name: "project_column",
  aliases: ["pluck"],
  summary: "One column as a flat list, null where a row lacks it.",
  configSchema: z.strictObject({ column: column.describe("Which column: by position, by field or by path.") }),
  apply: (input, config) => {
    const { column: chosen } = config;
    const field = chosen.kind === "by_index" ? chosen.index : chosen.kind === "by_field" ? chosen.field : chosen.path;
    return readColumn("project_column", requireList("project_column", input), field);
  },
});
