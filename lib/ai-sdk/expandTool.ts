// The tool with which a model gets back what a view left out. It reads what this process keeps, and nothing else.
import { jsonSchema, tool, type Tool } from "ai";

export const EXPAND_NAME = "expand";
/** Also how a request is known to offer this very tool. */
export const EXPAND_DESCRIPTION = "Returns the full content behind a handle shown in a tool result. find: only lines with this text.";

export interface ExpandInput {
  readonly handle: string;
  readonly find?: string;
}

export type ExpandTool = Tool<ExpandInput, string, Record<string, unknown>>;

/** @param read gives the content behind a handle; undefined when there is none */
export function createExpandTool(read: (handle: string) => string | undefined): ExpandTool {
  return tool({
    description: EXPAND_DESCRIPTION,
    inputSchema: jsonSchema<ExpandInput>({
      type: "object",
      properties: { handle: { type: "string" }, find: { type: "string" } },
      required: ["handle"],
    }),
    execute: ({ handle, find }) => {
      const content = read(handle);
      if (content === undefined) return `There is no content behind ${JSON.stringify(handle)}: call the tool again that gave it.`;
      return find === undefined || find === "" ? content : linesWith(content, find);
    },
  });
}

function linesWith(content: string, find: string): string {
  const wanted = find.toLowerCase();
  const lines = content.split("\n").filter((line) => line.toLowerCase().includes(wanted));
  return lines.length === 0 ? `No line has ${JSON.stringify(find)}.` : lines.join("\n");
}

/** Stands at the end of a view that left something out. */
export function handleLine(handle: string): string {
  return `[shortened; the rest: ${EXPAND_NAME}({"handle":"${handle}"})]`;
}
