import { describe, expect, it } from "vitest";
import { AppError } from "../../../lib/core/errors.ts";
import { parseWorkflow, requireWorkflow } from "../../../lib/workflow/WorkflowParser.ts";
import { BROKEN, SOUND } from "./brokenVariants.ts";
import { catalog } from "./catalog.ts";

describe("broken workflows", () => {
  it("finds nothing wrong with the sound one", () => {
    expect(parseWorkflow(SOUND, { catalog })).toMatchObject({ issues: [], definition: { name: "invoices", maxConcurrency: 4 } });
  });

  it("has at least thirty of them", () => {
    expect(BROKEN.length).toBeGreaterThanOrEqual(30);
  });

  it.each(BROKEN)("says where $name", ({ replace: [from, to], code, line, step, field, tells }) => {
    expect(SOUND).toContain(from);
    const text = SOUND.replace(from, () => to);
    const { definition, issues } = parseWorkflow(text, { catalog });
    expect(definition).toBeNull();
    const [first] = issues;
    expect(first).toMatchObject({ code, ...(step !== undefined && { step }), ...(field !== undefined && { field }) });
    const lines = text.split("\n");
    // A bracket that stays open is found where the next line begins.
    const told = field === undefined ? lines.slice(0, first!.line).join("\n") : lines[first!.line! - 1];
    expect(told).toContain(line);
    expect(`${first!.message} ${first!.expected ?? ""} ${first!.hint ?? ""}`).toContain(tells);
  });

  it.each(BROKEN.filter(({ code }) => code !== "SYNTAX_INVALID"))("tells one fault as one issue: $name", ({ replace: [from, to] }) => {
    expect(
      parseWorkflow(
        SOUND.replace(from, () => to),
        { catalog },
      ).issues,
    ).toHaveLength(1);
  });

  it("tells every fault of a file at once", () => {
    const text = SOUND.replace("type: delay", "type: dealy")
      .replace("maxRetries: 2", "maxRetries: two")
      .replace("approvers: [ada]", "approvers: []");
    expect(parseWorkflow(text).issues.map((issue) => issue.field)).toEqual(["approvers", "type", "retryPolicy.maxRetries"]);
  });
});

describe("hostile text", () => {
  const bomb = [
    "a0: &a0 [x,x,x,x,x,x,x,x,x,x]",
    ...Array.from({ length: 9 }, (_, index) => `a${index + 1}: &a${index + 1} [${Array(10).fill(`*a${index}`).join(",")}]`),
  ].join("\n");

  it.each([
    ["an expansion of aliases", bomb, "too many values"],
    ["half a megabyte of brackets", "[".repeat(500_000), "nested too deeply"],
    ["a list in a list without end", "- ".repeat(400_000), "nested too deeply"],
    ["an alias of itself", "name: &a [*a]\nsteps: []", "contains itself"],
    ["a NUL character", "name: a\0b", "NUL"],
    ["an escaped NUL character", 'name: "a\\0b"', "NUL"],
    ["half of a surrogate pair", 'name: "\\ud800"', "surrogate"],
    ["a number that is none in JSON", "name: .inf", "not a JSON number"],
    ["a number that would be rounded", "name: 12345678901234567890", "more digits"],
    ["two documents", "name: a\n---\nname: b", "multiple documents"],
    ["a key that would be the prototype", "__proto__: { name: a }", "cannot be a key"],
    ["more than a megabyte", `name: ${"x".repeat(1_100_000)}`, "bytes"],
  ])("refuses %s with a line", (_, text, message) => {
    const startedAt = performance.now();
    const { definition, issues } = parseWorkflow(text);
    expect(definition).toBeNull();
    expect(issues[0]).toMatchObject({ code: "SYNTAX_INVALID", line: expect.any(Number) });
    expect(issues[0]!.message).toContain(message);
    expect(performance.now() - startedAt).toBeLessThan(5000);
  });

  it.each([
    ["", "the document is null"],
    ["just text", "the document is"],
    ["- 1", "the document is a list"],
  ])("refuses %j, which is no workflow", (text, message) => {
    expect(parseWorkflow(text).issues[0]!.message).toContain(message);
  });
});

describe("JSON files", () => {
  it("takes strict JSON only", () => {
    const text = '{\n  "name": "a",\n  "steps": [{ "id": "s", "type": "delay", "duration": 1 },]\n}';
    expect(parseWorkflow(text, { file: "a.json" }).issues).toMatchObject([{ code: "SYNTAX_INVALID", line: 3 }]);
    expect(parseWorkflow(text, { file: "a.yaml" }).issues).toEqual([]);
  });

  it("knows the lines of semantic defects too", () => {
    const text = '{\n  "name": "a",\n  "steps": [\n    { "id": "s", "type": "delay",\n      "duration": "{{nothing}}" }\n  ]\n}';
    expect(parseWorkflow(text, { format: "json" }).issues).toMatchObject([
      { code: "TEMPLATE_INVALID", line: 5, step: "s", field: "duration" },
    ]);
  });
});

describe("requireWorkflow", () => {
  it("throws one error with the first defect told and all of them listed", () => {
    const text = SOUND.replace("type: delay", "type: dealy").replace("maxRetries: 2", "maxRetries: two");
    const thrown = catchError(() => requireWorkflow(text, { file: "bad.yaml" }));
    expect(thrown).toMatchObject({ code: "WORKFLOW_INVALID", details: { file: "bad.yaml", line: 33, step: "pause", field: "type" } });
    expect(thrown.message).toMatch(
      /^bad\.yaml:33: steps\[3\]\.else_steps\[0\]\.type: unknown step type "dealy"; did you mean "delay"\? \(and 1 more\)$/,
    );
    expect(thrown.details["issues"]).toHaveLength(2);
  });

  it("calls a workflow without a name by its file", () => {
    const text = "steps: [{ id: s, type: delay, duration: 1 }]";
    expect(requireWorkflow(text, { file: "jobs/nightly.yaml" }).name).toBe("jobs/nightly.yaml");
    expect(catchError(() => requireWorkflow(text)).message).toContain("name is missing");
  });
});

function catchError(action: () => unknown): AppError {
  try {
    action();
  } catch (thrown) {
    if (AppError.is(thrown)) return thrown;
    throw thrown;
  }
  throw new Error("nothing was thrown");
}
