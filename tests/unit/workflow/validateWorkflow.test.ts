import { describe, expect, it } from "vitest";
import type { WorkflowIssue } from "../../../lib/workflow/types.ts";
import { parseWorkflow } from "../../../lib/workflow/WorkflowParser.ts";
import { validateWorkflow } from "../../../lib/workflow/validateWorkflow.ts";
import { catalog } from "./catalog.ts";

function issues(steps: string, rest = ""): readonly WorkflowIssue[] {
  return parseWorkflow(`name: a\n${rest}\nsteps:\n${steps}`, { catalog }).issues;
}

function messages(steps: string, rest = ""): string[] {
  return issues(steps, rest).map((issue) => issue.message);
}

const delay = (id: string, duration: number | string = 1): string =>
  `{ id: ${id}, type: delay, duration: ${typeof duration === "string" ? JSON.stringify(duration) : duration} }`;

describe("nesting", () => {
  const nested = (depth: number): string =>
    depth === 1 ? delay("d1") : `{ id: d${depth}, type: parallel, steps: [${nested(depth - 1)}] }`;

  it("goes five levels deep", () => {
    expect(issues(`  - ${nested(5)}`)).toEqual([]);
    expect(issues(`  - ${nested(6)}`)).toMatchObject([
      { code: "WORKFLOW_INVALID", step: "d1", message: expect.stringContaining("6 levels deep"), line: 4 },
    ]);
  });

  it("holds 5 000 steps, counted over all levels, in a few seconds", () => {
    const list = (count: number): string =>
      Array.from({ length: count }, (_, index) => `  - ${delay(`s${index}`, index === 0 ? 1 : `{{s${index - 1}}}`)}`).join("\n");
    expect(issues(list(5000))).toEqual([]);
    expect(messages(list(4999).concat(`\n  - { id: g, type: parallel, steps: [${delay("x")}] }`))).toEqual([
      "the workflow has 5001 steps, nested ones included",
    ]);
  });
});

describe("what a formula can read", () => {
  const inputs = "inputs: { limit: { type: number } }";

  it("without an input of its own, is the declared inputs", () => {
    expect(messages('  - { id: t, type: transform, expression: "input.limit * 2.0" }', inputs)).toEqual([]);
    expect(messages('  - { id: t, type: transform, expression: "input.limits * 2.0" }', inputs)).toHaveLength(1);
  });

  it("with one, is whatever that is", () => {
    expect(messages('  - { id: t, type: transform, input: { limits: 1 }, expression: "input.limits * 2.0" }', inputs)).toEqual([]);
  });
});

describe("what a nested step can read", () => {
  const scatter = (inner: string, before = ""): string =>
    `${before}\n  - { id: each, type: scatter_gather, scatter: { input: [1], itemVariable: row, steps: [${inner}] } }`;

  it("reads its own loop variables, earlier siblings and what is upstream of the step around it", () => {
    const loop =
      "{ id: l, type: loop, iterateOver: [1], loopSteps: [{ id: in, type: delay, duration: '{{loop.index}}{{current}}{{index}}{{item}}{{row}}{{first}}{{x}}' }] }";
    expect(messages(scatter(`${delay("x")}, ${loop.replace("id: in", "id: inn")}`, `  - ${delay("first")}`))).toEqual([]);
  });

  it.each([
    ["the step around it", "{{each.data}}", "is the step itself or encloses it"],
    ["itself", "{{x}}", "is the step itself or encloses it"],
    ["a step after the one around it", "{{later}}", "not upstream"],
    ["another scatter's element", "{{entry}}", "is not a known name"],
    ["a step inside a sibling", "{{deep}}", "inside another step"],
  ])("does not read %s", (_, template, message) => {
    const text = `${scatter(delay("x", template))}\n  - ${delay("later")}\n  - { id: g, type: parallel, dependencies: [], steps: [${delay("deep")}] }`;
    expect(messages(text)).toEqual([expect.stringContaining(message)]);
  });

  it("reads in a nested run only the run's own inputs, unless the context is inherited", () => {
    const run = (options: string): string =>
      `  - ${delay("outer")}\n  - { id: sub, type: sub_workflow, inputs: { n: "{{outer}}" }, ${options} workflowSteps: [${delay("a", "{{input.n}}")}, ${delay("b", "{{outer}}")}] }`;
    expect(messages(run(""))).toEqual([expect.stringContaining('"outer" is inside another step')]);
    expect(messages(run("inheritContext: true,"))).toEqual([]);
  });

  it("maps the outputs of a nested run by its own steps", () => {
    const run = (mapping: string): string =>
      `  - { id: sub, type: sub_workflow, outputMapping: { total: "${mapping}" }, workflowSteps: [${delay("a")}] }`;
    expect(messages(run("{{a.n}}"))).toEqual([]);
    expect(messages(run("{{b.n}}"))).toEqual(['"b" is not a known name']);
  });

  it("names its own output in its rollback only", () => {
    const step = (params: string, rollback: string): string =>
      `  - { id: w, type: action, plugin: files, action: read, params: { path: "${params}" }, rollbackAction: { plugin: files, action: read, params: { path: "${rollback}" } } }`;
    expect(messages(step("x", "{{w.path}}"))).toEqual([]);
    expect(messages(step("{{w.path}}", "x"))).toEqual([expect.stringContaining("is the step itself")]);
  });
});

describe("circular orders", () => {
  it("names the circle", () => {
    const text =
      "  - { id: a, type: delay, duration: 1, dependencies: [c] }\n  - { id: b, type: delay, duration: 1, dependencies: [a] }\n  - { id: c, type: delay, duration: 1, dependencies: [b] }";
    expect(issues(text)).toMatchObject([{ code: "WORKFLOW_INVALID", step: "a", field: "dependencies", got: "a → c → b → a" }]);
  });

  it("finds a circle that only templates make", () => {
    const text =
      "  - { id: a, type: delay, duration: '{{b}}', dependencies: [] }\n  - { id: b, type: delay, duration: '{{a}}', dependencies: [] }";
    expect(messages(text)).toEqual(["the steps wait for each other: a → b → a"]);
  });

  it("refuses a step that depends on itself or on the step around it", () => {
    expect(messages("  - { id: a, type: delay, duration: 1, dependencies: [a] }")).toEqual([expect.stringContaining("which is itself")]);
    expect(messages("  - { id: g, type: parallel, steps: [{ id: a, type: delay, duration: 1, dependencies: [g] }] }")).toEqual([
      expect.stringContaining("which it is inside of"),
    ]);
  });
});

describe("fields that belong together", () => {
  it.each([
    ["a conditional without steps", "{ id: a, type: conditional, condition: '1 == 1' }", "then_steps"],
    ["escalation to nobody", "{ id: a, type: human_approval, approvers: [x], timeout: 5, onTimeout: escalate }", "escalateTo"],
    ["a nested run of two kinds", `{ id: a, type: sub_workflow, workflowId: x, workflowSteps: [${delay("b")}] }`, "workflowId"],
    ["a nested run of nothing", "{ id: a, type: sub_workflow }", "workflowId"],
    ["a validation without rules", "{ id: a, type: validation, input: 1 }", "schema"],
    ["a model call without a task", "{ id: a, type: ai_processing, input: x }", "prompt"],
    ["classes without labels", "{ id: a, type: ai_processing, config: { ai_type: classify } }", "config.labels"],
    ["a transform without an operation", "{ id: a, type: transform, input: [] }", "operation"],
    ["a join without a key", "{ id: a, type: enrichment, strategy: join, sources: [{ key: k, from: [] }] }", "joinOn"],
    ["a cached approval", "{ id: a, type: human_approval, approvers: [x], cache: { enabled: true } }", "cache"],
    ["a declared effect that is cached", "{ id: a, type: llm_decision, prompt: x, effect: write, cache: { enabled: true } }", "cache"],
  ])("refuses %s", (_, step, field) => {
    expect(issues(`  - ${step}`)).toMatchObject([{ code: "WORKFLOW_INVALID", step: "a", field, line: 4 }]);
  });

  it("refuses a variable that is another step's id, and two publishers of one variable", () => {
    expect(messages(`  - ${delay("a")}\n  - { id: b, type: delay, duration: 1, output_variable: a }`)).toEqual([
      expect.stringContaining("already stands"),
    ]);
    expect(
      messages("  - { id: a, type: delay, duration: 1, output_variable: v }\n  - { id: b, type: delay, duration: 1, output_variable: v }"),
    ).toEqual([expect.stringContaining("published by a and by b")]);
  });
});

describe("inputs", () => {
  it("have defaults of their own type", () => {
    expect(issues(`  - ${delay("a")}`, "inputs: { n: { type: number, default: ten } }")).toMatchObject([
      { code: "WORKFLOW_INVALID", line: 2, field: "inputs.n.default" },
    ]);
    expect(issues(`  - ${delay("a")}`, "inputs: { n: { type: array, default: [] }, m: { default: 1 } }")).toEqual([]);
  });
});

describe("loop variables", () => {
  it("cannot be named by a rollback, which runs when they are gone", () => {
    const step =
      "{ id: w, type: action, plugin: files, action: read, params: { path: '{{item}}' }, rollbackAction: { plugin: files, action: read, params: { path: '{{item}}' } } }";
    expect(issues(`  - { id: l, type: loop, iterateOver: [1], loopSteps: [${step}] }`)).toMatchObject([
      { code: "TEMPLATE_INVALID", step: "w", field: "rollbackAction.params.path" },
    ]);
  });
});

describe("validation rules", () => {
  it("may name fields of data that only the execution knows, and must be well formed", () => {
    const rules = (condition: string): string =>
      `  - { id: v, type: validation, input: "{{input.rows}}", rules: [{ field: amount, condition: ${condition} }] }`;
    expect(issues(rules('{ operator: ">", value: 0 }'))).toEqual([]);
    expect(issues(rules("\"value > 0 && currency == 'EUR'\""))).toEqual([]);
    expect(issues(rules('{ operator: "=>", value: 0 }'))).toMatchObject([
      { code: "CONDITION_INVALID", field: "rules[0].condition.operator" },
    ]);
  });
});

describe("parameters", () => {
  it("are checked only as far as they are written out", () => {
    expect(messages("  - { id: a, type: action, plugin: http, action: get, params: { url: not a url } }")).toEqual([
      expect.stringContaining("url is"),
    ]);
    expect(messages("  - { id: a, type: action, plugin: http, action: get, params: { url: '{{input.url}}' } }")).toEqual([]);
  });
});

describe("secrets", () => {
  // Put together here, so that no scanner takes this file for a leak.
  const secrets = [
    ["AKIA", "IOSFODNN7EXAMPLE"],
    ["sk-", "proj-Ab3dEf6hIj9kLm2nOp5q"],
    ["ghp_", "a1B2c3D4e5F6g7H8i9J0k1L2"],
    ["xoxb-", "123456789012-abcdefABCDEF"],
    ["-----BEGIN RSA ", "PRIVATE KEY-----"],
  ].map((parts) => parts.join(""));

  it.each(secrets)("refuses %s and never shows it", (secret) => {
    const text = `name: a\nsteps:\n  - { id: a, type: dealy, duration: 1 }\n  - id: b\n    type: ai_processing\n    prompt: "use ${secret} please"\n    temprature: "${secret}"\n`;
    const found = parseWorkflow(text).issues;
    expect(found).toContainEqual(expect.objectContaining({ code: "SECRET_IN_WORKFLOW", line: 6, step: "b", field: "prompt" }));
    expect(JSON.stringify(found)).not.toContain(secret);
  });

  it("refuses a random value under a key that names a secret", () => {
    const found = issues(
      "  - { id: a, type: action, plugin: http, action: get, params: { url: 'https://x.example', api_key: 8f3Kd92hfK2lPq7Zx0aa } }",
    );
    expect(found).toContainEqual(expect.objectContaining({ code: "SECRET_IN_WORKFLOW", field: "params.api_key" }));
    expect(JSON.stringify(found)).not.toContain("8f3Kd92");
  });

  it.each([
    "Write with a basic understanding of the matter.",
    "Bearer {{input.token}}",
    "https://api.example/?token={{input.token}}",
    "task-management-of-many-things-today",
    "sk-learn-is-a-library-for-learning",
  ])("lets %s pass", (prompt) => {
    expect(messages(`  - { id: a, type: ai_processing, prompt: ${JSON.stringify(prompt)} }`)).toEqual([]);
  });
});

it("checks a definition that was parsed before, without lines", () => {
  const { definition } = parseWorkflow(`name: a\nsteps:\n  - ${delay("a")}`);
  expect(validateWorkflow(definition!)).toEqual([]);
  const [step] = definition!.steps;
  expect(validateWorkflow({ ...definition!, steps: [step!, step!] })).toMatchObject([
    { code: "WORKFLOW_INVALID", path: "steps[1].id", step: "a" },
  ]);
});
