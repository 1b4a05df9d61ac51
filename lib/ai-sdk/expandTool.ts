// The tool with which a model gets back what a view left out. It reads what this process keeps, and nothing else.
import { jsonSchema, tool, type Tool } from "ai";
import { EXPAND_DESCRIPTION, EXPAND_SCHEMA, expandContent, noSuchHandle, type ExpandInput } from "../orchestration/loops/expand.ts";

export type ExpandTool = Tool<ExpandInput, string, Record<string, unknown>>;

/** @param read gives the content behind a handle; undefined when there is none */
export function createExpandTool(read: (handle: string) => string | undefined): ExpandTool {
  return tool({
    description: EXPAND_DESCRIPTION,
    inputSchema: jsonSchema<ExpandInput>({ ...EXPAND_SCHEMA, required: [...EXPAND_SCHEMA.required] }),
    execute: ({ handle, find }) => {
      const content = read(handle);
      return content === undefined ? noSuchHandle(handle) : expandContent(content, find);
    },
  });
}
