import { describe, expect, it } from "vitest";
import type { WorkflowDefinition, WorkflowIssue, WorkflowStep } from "../../../lib/workflow/types.ts";
import { parseWorkflow } from "../../../lib/workflow/WorkflowParser.ts";

function steps(text: string): readonly WorkflowStep[] {
  return definition(text).steps;
}

function definition(text: string): WorkflowDefinition {
  const result = parseWorkflow(`name: a\nsteps:\n${text}`);
  expect(result.issues).toEqual([]);
  return result.definition!;
}

function issues(text: string): readonly WorkflowIssue[] {
  return parseWorkflow(`name: a\nsteps:\n${text}`).issues;
}

describe("accepted spellings", () => {
  it("reads plugin_action as action, with or without an id, and operation as the action's name", () => {
    expect(
      steps(`
  - { type: plugin_action, plugin: csv, operation: parse }
  - { id: b, type: plugin_action, plugin: csv, action: parse }`),
    ).toMatchObject([
      { id: "step1", type: "action", action: "parse", params: {} },
      { id: "b", type: "action", action: "parse" },
    ]);
  });

  it("reads the branches of a conditional under every name", () => {
    const branches = ["then: {}, else: {}", "steps: {}, else_steps: {}", "then_steps: {}, else: {}"];
    for (const spelling of branches) {
      const yes = "[{ id: y, type: delay, duration: 1 }]";
      const no = "[{ id: n, type: delay, duration: 1 }]";
      const fields = spelling.replace("{}", yes).replace("{}", no);
      expect(steps(`  - { id: c, type: conditional, condition: "1 == 1", ${fields} }`)).toMatchObject([
        { then_steps: [{ id: "y" }], else_steps: [{ id: "n" }] },
      ]);
    }
  });

  it("refuses a field under two names that disagree", () => {
    expect(issues("  - { id: a, type: action, plugin: csv, action: parse, operation: write }")).toMatchObject([
      { code: "WORKFLOW_INVALID", line: 3, message: expect.stringContaining("given twice") },
    ]);
  });

  it("brings every old form of a scatter step into one", () => {
    expect(
      steps(
        `  - { id: s, type: scatter_gather, scatter: { items: [1, 2], item_name: one }, steps: [{ id: d, type: delay, duration: "{{one}}" }] }`,
      ),
    ).toEqual([
      {
        id: "s",
        type: "scatter_gather",
        scatter: { input: [1, 2], itemVariable: "one", steps: [{ id: "d", type: "delay", duration: "{{one}}" }] },
        gather: { operation: "collect" },
      },
    ]);
  });

  it("fills missing ids in without taking one that is in use", () => {
    expect(
      steps(`
  - { type: delay, duration: 1 }
  - { id: step3, type: delay, duration: 1 }
  - { type: delay, duration: 1 }
  - { id: l, type: loop, iterateOver: [1], steps: [{ type: delay, duration: 1 }] }`).map((step) =>
        step.type === "loop" ? step.loopSteps[0]!.id : step.id,
      ),
    ).toEqual(["step1", "step3", "step3_2", "step1_2"]);
  });

  it("fills defaults in, so that a stored definition keeps its meaning", () => {
    const text = `
  - { id: l, type: loop, iterateOver: [1], loopSteps: [{ id: d, type: delay, duration: 1 }] }
  - { id: h, type: human_approval, approvers: [a] }
  - { id: c, type: comparison, left: 1, right: 2, operation: equals }`;
    expect(steps(text)).toMatchObject([
      { maxIterations: 100, parallel: false },
      { approvalType: "any", onTimeout: "reject" },
      { outputFormat: "boolean" },
    ]);
  });

  it("lets the steps of a parallel group start together unless they say otherwise", () => {
    const [group] = steps(
      `  - { id: g, type: parallel, steps: [{ id: a, type: delay, duration: 1 }, { id: b, type: delay, duration: 1 }, { id: c, type: delay, duration: 1, dependencies: [a] }] }`,
    );
    expect(group).toMatchObject({ type: "parallel_group", steps: [{ dependencies: [] }, { dependencies: [] }, { dependencies: ["a"] }] });
  });
});

describe("branches given as ids", () => {
  const legacy = `
  - { id: check, type: conditional, condition: "1 == 1", trueBranch: [yes, more], falseBranch: no }
  - { id: yes, type: delay, duration: 1, dependencies: [check] }
  - { id: more, type: delay, duration: 1, dependencies: [yes] }
  - { id: "no", type: delay, duration: 1 }
  - { id: after, type: delay, duration: 1, dependencies: [more, "no"] }`;

  it("moves the steps into the branch and waits for the whole instead", () => {
    const found = steps(
      legacy.replace("[yes, more]", '["yes", more]').replace("falseBranch: no", 'falseBranch: "no"').replace("id: yes", 'id: "yes"'),
    );
    expect(found).toMatchObject([
      {
        id: "check",
        then_steps: [
          { id: "yes", dependencies: [] },
          { id: "more", dependencies: ["yes"] },
        ],
        else_steps: [{ id: "no" }],
      },
      { id: "after", dependencies: ["check"] },
    ]);
    expect(found).toHaveLength(2);
  });

  it("does the same for the cases of a switch, and keys them by text", () => {
    const found = steps(`
  - { id: s, type: switch, evaluate: "{{input.kind}}", cases: { 200: [a], true: [{ id: b, type: delay, duration: 1 }] }, default: c }
  - { id: a, type: delay, duration: 1 }
  - { id: c, type: delay, duration: 1 }`);
    expect(found).toMatchObject([{ cases: { 200: [{ id: "a" }], true: [{ id: "b" }] }, default: [{ id: "c" }] }]);
    expect(found).toHaveLength(1);
  });

  it("keeps the line of a step that moved", () => {
    const [issue] = issues(`
  - { id: s, type: switch, evaluate: 1, cases: { x: [a] } }
  - { id: a, type: delay, duration: -1 }`);
    expect(issue).toMatchObject({ line: 5, step: "a", field: "duration", path: "steps[1].duration" });
  });

  it.each([
    ["a step that does not exist", "cases: { x: [b] }", "no such step"],
    ["a step of two branches", "cases: { x: [a], y: [a] }", "in two branches"],
    ["itself", "cases: { x: [s] }", "contains itself"],
  ])("refuses a branch that names %s", (_, cases, message) => {
    expect(
      issues(`  - { id: s, type: switch, evaluate: 1, ${cases} }\n  - { id: a, type: delay, duration: 1 }`).map((issue) => issue.message),
    ).toContainEqual(expect.stringContaining(message));
  });

  it("refuses two steps that are each other's branches", () => {
    const text = `  - { id: s, type: switch, evaluate: 1, cases: { x: [t] } }\n  - { id: t, type: switch, evaluate: 1, cases: { x: [s] } }`;
    expect(issues(text).map((issue) => issue.message)).toContainEqual(expect.stringContaining("contains itself"));
  });
});
