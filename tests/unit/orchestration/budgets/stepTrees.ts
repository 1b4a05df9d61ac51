// Random trees of steps: branches, switches, loops, scatters and groups around model steps and steps without a model.
import * as fc from "fast-check";
import type { AiProcessingStep, WorkflowStep } from "../../../../lib/workflow/types.ts";

export function modelStep(id: string, extra: Partial<AiProcessingStep> = {}): AiProcessingStep {
  return { id, type: "ai_processing", prompt: "Say it", ...extra };
}

type Shape =
  | { readonly kind: "model" | "delay" }
  | {
      readonly kind: "conditional" | "switch" | "loop" | "scatter" | "group";
      readonly left: readonly Shape[];
      readonly right: readonly Shape[];
    };

const shapes = fc.letrec<{ list: readonly Shape[]; shape: Shape }>((tie) => ({
  list: fc.array(tie("shape"), { maxLength: 4, depthIdentifier: "steps" }),
  shape: fc.oneof(
    { depthIdentifier: "steps", maxDepth: 4 },
    fc.record({ kind: fc.constantFrom("model" as const, "model" as const, "delay" as const) }),
    fc.record({
      kind: fc.constantFrom("conditional" as const, "switch" as const, "loop" as const, "scatter" as const, "group" as const),
      left: tie("list"),
      right: tie("list"),
    }),
  ),
}));

/** Lists of steps with ids that are unique in the whole tree. */
export function stepTrees(): fc.Arbitrary<readonly WorkflowStep[]> {
  return shapes.list.map((list) => new Numbered().steps(list));
}

class Numbered {
  #count = 0;

  steps(list: readonly Shape[]): readonly WorkflowStep[] {
    return list.map((shape) => this.#step(shape));
  }

  #step(shape: Shape): WorkflowStep {
    this.#count += 1;
    const id = `s${this.#count}`;
    switch (shape.kind) {
      case "model":
        return modelStep(id);
      case "delay":
        return { id, type: "delay", duration: 1 };
      case "conditional":
        return { id, type: "conditional", condition: "true", then_steps: this.steps(shape.left), else_steps: this.steps(shape.right) };
      case "switch":
        return { id, type: "switch", evaluate: "a", cases: { a: this.steps(shape.left), b: this.steps(shape.right) }, default: [] };
      case "loop":
        return { id, type: "loop", iterateOver: "{{input.x}}", loopSteps: this.steps(shape.left), maxIterations: 3, parallel: false };
      case "scatter":
        return {
          id,
          type: "scatter_gather",
          scatter: { input: "{{input.x}}", steps: this.steps(shape.left), itemVariable: "item" },
          gather: { operation: "collect" },
        };
      default:
        return { id, type: "parallel_group", steps: this.steps(shape.left) };
    }
  }
}
