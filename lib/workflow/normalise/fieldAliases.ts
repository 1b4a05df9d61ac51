// Other spellings of a step's fields that are read as the canonical one, by canonical step type.

export const FIELD_ALIASES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  action: { operation: "action" },
  // oxlint-disable-next-line unicorn/no-thenable -- a field of workflows, never awaited
  conditional: { steps: "then_steps", then: "then_steps", else: "else_steps", trueBranch: "then_steps", falseBranch: "else_steps" },
  loop: { steps: "loopSteps" },
  sub_workflow: { steps: "workflowSteps" },
};

export const SCATTER_ALIASES: Readonly<Record<string, string>> = { items: "input", item_name: "itemVariable" };
