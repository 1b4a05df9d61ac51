import { describe, expect, it } from "vitest";
import { ERROR_CATALOGUE } from "../../../lib/core/errorCatalogue.ts";
import { AppError } from "../../../lib/core/errors.ts";
import { parseWorkflow, requireWorkflow } from "../../../lib/workflow/WorkflowParser.ts";
import { BROKEN, SOUND } from "./brokenVariants.ts";
import { catalog } from "./catalog.ts";

const CATALOGUE_HINTS: readonly string[] = Object.values(ERROR_CATALOGUE).map(({ hint }) => hint);

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

  it.each(BROKEN)("says what to do: $name", ({ replace: [from, to] }) => {
    const { issues } = parseWorkflow(
      SOUND.replace(from, () => to),
      { catalog },
    );
    for (const issue of issues) {
      expect(issue.expected).not.toBe("");
      expect(issue.got).not.toBe("");
      // The catalogue's hints are for one error alone; of a file full of them each has to say its own.
      expect(CATALOGUE_HINTS).not.toContain(issue.hint);
      expect(issue.hint).toMatch(/^(did you mean|docs\/reference|[a-z]+ ).{8,}/);
    }
  });

  it.each([
    ["a cycle", "rows", "dependencies: [report]", "each waits for the next one"],
    ["a later step", "write.entries", "{{write.entries}}", "let write run before rows"],
    ["a step inside another", "gist", "{{gist}}", "read the output of each instead"],
    ["a dependency inside another step", "ask", "dependencies: [ask]", "depend on enough instead"],
    ["an id given twice", "list", "id: list, type: delay", "the other is at line 7"],
    ["a list in a condition", "rows", "{{rows.length}}", "size(rows) > 3"],
    ["a schema's type", "title", "strng", 'did you mean "string"'],
  ])("names the way out of %s", (_, __, line, hint) => {
    const { replace } = BROKEN.find((variant) => variant.line === line)!;
    const [from, to] = replace;

    expect(
      parseWorkflow(
        SOUND.replace(from, () => to),
        { catalog },
      ).issues[0]!.hint,
    ).toContain(hint);
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
    ["", "the document is empty"],
    ["just text", "the document is"],
    ["- 1", "the document is a list"],
  ])("refuses %j, which is no workflow", (text, message) => {
    expect(parseWorkflow(text).issues[0]!.message).toContain(message);
  });
});

describe("broken YAML", () => {
  const head = "name: a\nsteps:\n  - id: s\n    type: ai_processing\n";

  it.each([
    ["a text with a colon", `${head}    prompt: Summarize: this\n`, 5, "put the whole text in quotes"],
    ["a tab", "name: a\nsteps:\n\t- id: s\n", 3, "instead of tabs"],
    ["a line too far left", `${head}   prompt: hi\n`, 5, "indent it like the lines beside it"],
    ["an open quote", `${head}    prompt: "hi\n`, 6, "close the quote"],
    ["an open bracket", `${head}    plugins: [csv\n    prompt: hi\n`, 6, "close the list with ]"],
    ["a reserved sign", `${head}    prompt: @home\n`, 5, "in quotes"],
    ["a text that looks like an alias", `${head}    prompt: *all*\n`, 5, "quotes"],
    ["a key without its colon", `${head}    prompt\n    input: hi\n`, 5, "key: value"],
    ["two documents", "name: a\n---\nname: b", 2, "take the line --- out"],
  ])("says what to do about %s", (_, text, line, hint) => {
    const [first] = parseWorkflow(text).issues;

    expect(first).toMatchObject({ code: "SYNTAX_INVALID", line });
    expect(first!.hint).toContain(hint);
    expect(first!.message).toMatch(/^[a-z]/);
  });

  it("shows a key that is in the wrong place, and no other text of the file", () => {
    expect(parseWorkflow("a: 1\na: 2").issues[0]).toMatchObject({ got: "a line that begins with a" });
    expect(
      parseWorkflow(`${head}    prompt: "hunter2" hunter3\n`)
        .issues.map((issue) => JSON.stringify(issue))
        .join(),
    ).not.toContain("hunter");
  });

  it("knows the step of a fault that the syntax tree shows", () => {
    expect(parseWorkflow(`${head}    prompt: {{input.text}}\n`).issues).toMatchObject([{ step: "s", field: "prompt", line: 5 }]);
    expect(parseWorkflow(`${head}    params: { rows: [{ id: no, x: .inf }] }\n`).issues).toMatchObject([
      { step: "s", field: "params.rows[0].x", line: 5 },
    ]);
  });
});

describe("JSON files", () => {
  it("takes strict JSON only", () => {
    const text = '{\n  "name": "a",\n  "steps": [{ "id": "s", "type": "delay", "duration": 1 },]\n}';
    expect(parseWorkflow(text, { file: "a.json" }).issues).toMatchObject([{ code: "SYNTAX_INVALID", line: 3 }]);
    expect(parseWorkflow(text, { file: "a.yaml" }).issues).toEqual([]);
  });

  it.each([
    ["a comma too many", '{ "name": "a", }', "take out the comma before it"],
    ["a comma too few", '{ "name": "a" "steps": [] }', "put a comma before it"],
    ["single quotes", "{ 'name': 1 }", "double quotes"],
    ["a comment", '{ "name": 1, // why\n "steps": [] }', "name the file .yaml"],
    ["an end too early", '{ "name": [', "close what is open"],
    ["nothing at all", "", "write the workflow into the file"],
  ])("says what to do about %s", (_, text, hint) => {
    expect(parseWorkflow(text, { format: "json" }).issues).toMatchObject([
      { hint: expect.stringContaining(hint), got: expect.any(String) },
    ]);
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
