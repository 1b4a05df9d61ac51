// Judges a tool by name, description, argument choices and hints, as MCP servers list them. Calls no tool.
import type { Effect } from "../../workflow/types.ts";
import { moreDangerous, opinion, withEffect } from "./effects.ts";
import { judgeAction } from "./judgeAction.ts";
import { judgeName } from "./judgeName.ts";
import { asRecord } from "./looseValues.ts";
import { readStep } from "./readStep.ts";
import type { Opinion, ToolDefinition } from "./types.ts";

const DEED_ARGUMENTS = ["method", "action", "operation", "command", "mode", "op"];

export function judgeTool(tool: ToolDefinition): Opinion {
  const { name, description, annotations } = tool;
  const facts = readStep({
    type: "action",
    plugin: "mcp",
    action: name,
    description,
    ...(annotations === undefined ? {} : { annotations }),
  });
  const named = judgeAction(facts, null);
  // A bare name such as `format_document` does not say whether the document itself is changed.
  const judged = named.effect === "none" && facts.description === "" ? withEffect(named, "write") : named;
  const offered = effectOfChoices(tool.inputSchema);
  if (offered === "none" || offered === "read") return judged;
  const raised = withEffect(judged, offered);
  return judged.intent === "extract"
    ? { ...opinion("send", raised.effect, "metadata", [0.7, "one of its methods changes something"]) }
    : raised;
}

/** A tool with a choice of methods is as dangerous as its most dangerous method. */
function effectOfChoices(schema: unknown): Effect {
  const properties = asRecord(asRecord(schema)["properties"]);
  let effect: Effect = "none";
  for (const key of DEED_ARGUMENTS) {
    const choices = asRecord(properties[key])["enum"];
    if (!Array.isArray(choices)) continue;
    for (const choice of choices.slice(0, 60) as readonly unknown[]) {
      const reading = typeof choice === "string" ? judgeName(choice.slice(0, 80)) : null;
      // Plural nouns such as "labels" are what is listed, not a deed.
      if (reading !== null && reading.isLeading && !reading.verb.endsWith("s")) effect = moreDangerous(effect, reading.effect);
    }
  }
  return effect;
}
