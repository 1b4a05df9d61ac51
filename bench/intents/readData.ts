// Reads labelled steps, tools and workflows from a folder laid out like ../shared/data.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { ToolDefinition } from "../../lib/orchestration/IntentClassifier.ts";
import type { IntentType } from "../../lib/orchestration/types.ts";
import type { JudgedTool, LabelledStep } from "./score.ts";

export function readLabelledSteps(file: string): readonly LabelledStep[] {
  return readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => JSON.parse(line) as LabelledStep);
}

export function readTools(folder: string): readonly JudgedTool[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith(".snap"))
    .sort()
    .map((name) => {
      const { annotations, ...tool } = JSON.parse(readFileSync(join(folder, name), "utf8")) as ToolDefinition;
      return { tool, isReadOnly: annotations?.readOnlyHint === true };
    });
}

/** Lines of `{tool, isReadOnly}`. */
export function readJudgedTools(file: string | URL): readonly JudgedTool[] {
  return readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as JudgedTool);
}

interface WorkflowFile {
  readonly id: string;
  readonly workflow_steps: readonly { readonly id: string }[];
  readonly expected_intents: Readonly<Record<string, IntentType | { readonly intent: IntentType; readonly alt?: IntentType }>>;
}

export function readWorkflows(folder: string): readonly LabelledStep[] {
  const files = readdirSync(folder).filter((name) => name.endsWith(".json"));
  return files.sort().flatMap((name) => {
    const { id, workflow_steps: steps, expected_intents: expected } = JSON.parse(readFileSync(join(folder, name), "utf8")) as WorkflowFile;
    return steps.flatMap((step) => {
      const truth = expected[step.id];
      if (truth === undefined) return [];
      const { intent, alt } = typeof truth === "string" ? { intent: truth } : truth;
      return [{ id: `${id}.${step.id}`, step, label: intent, ...(alt === undefined ? {} : { alt }) }];
    });
  });
}
