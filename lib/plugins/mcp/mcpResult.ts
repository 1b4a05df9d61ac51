// What a tool answered, as an output or as an error. Every kind of content is kept; none of it is trusted or followed.
import type { CallToolResult } from "@modelcontextprotocol/client";
import { AppError } from "../../core/errors.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../../core/json.ts";
import { maskSecretText } from "../../core/redaction.ts";

const MAX_SHOWN_CHARACTERS = 500;
/** How servers built with the protocol's own libraries say that they refused the arguments before the tool ran. */
const ARGUMENTS_REFUSED = /^MCP error -3260[0-2]:/;

/**
 * `{ text, content, structured }`: all texts joined, every block as it came, and the structured answer or null.
 *
 * @param hide takes out of an error what the server was given; an answer is kept as it came
 * @throws AppError `PLUGIN_FAILED` when the tool says that it failed; whether it changed something before is not known
 */
export function readResult(result: CallToolResult, owner: string, hide: (text: string) => string): JsonValue {
  const content = result.content.map(toBlock);
  const text = content
    .flatMap((block) => (block["type"] === "text" && typeof block["text"] === "string" ? [block["text"]] : []))
    .join("\n");
  if (result.isError === true) {
    const shown = maskSecretText(hide(text)).slice(0, MAX_SHOWN_CHARACTERS);
    throw new AppError("PLUGIN_FAILED", `${owner} failed${shown === "" ? "" : `: ${shown}`}`, {
      details: { accepted: ARGUMENTS_REFUSED.test(text) ? "no" : "maybe" },
    });
  }
  const structured: unknown = result.structuredContent;
  return { text, content, structured: structured === undefined ? null : (structured as JsonValue) };
}

/** Without the metadata that servers hang on for programs of their own. */
function toBlock(block: CallToolResult["content"][number]): JsonObject {
  const { _meta: _dropped, annotations: _untold, ...kept } = block as Readonly<Record<string, unknown>>;
  const plain: unknown = JSON.parse(JSON.stringify(kept));
  return isJsonObject(plain) ? plain : { type: "unknown" };
}
