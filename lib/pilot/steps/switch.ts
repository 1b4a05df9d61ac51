// `switch`: runs the branch whose key equals the value, as text; else the default.
import type { StepPerformer } from "../types.ts";
import { begunBranch, runBranch, type Branch } from "./branches.ts";
import { textOf } from "./prompts.ts";

export const performSwitch: StepPerformer<"switch"> = async (context) => {
  const { step } = context;
  const fallback: Branch = { name: "default", steps: step.default };
  const cases = Object.entries(step.cases).map(([name, steps]): Branch => ({ name, steps }));
  const value = context.resolve(step.evaluate, "evaluate");
  const text = textOf(value);
  const begun = begunBranch(context, [...cases, fallback]);
  return runBranch(context, begun ?? cases.find(({ name }) => name === text) ?? fallback, { value: text.slice(0, 200) });
};
