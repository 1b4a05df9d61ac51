import { describe, expect, test } from "vitest";
import { createBuiltinCatalog } from "../../../lib/cli/input/builtinCatalog.ts";
import type { FileFault } from "../../../lib/cli/input/validateFile.ts";
import { describeFault } from "../../../lib/cli/text/describeFault.ts";
import { parseWorkflow } from "../../../lib/workflow/WorkflowParser.ts";
import { BROKEN, SOUND } from "../workflow/brokenVariants.ts";

const FAULT: FileFault = {
  code: "WORKFLOW_INVALID",
  file: "flow.yaml",
  line: 7,
  step: "s",
  field: "retries",
  path: "steps[0].retries",
  message: 'retries is "two", expected a number',
  expected: "a number",
  got: '"two"',
  hint: "write digits",
};

describe("describeFault", () => {
  test("takes out of the message what stands below it", () => {
    expect(describeFault(FAULT)).toEqual({
      place: "flow.yaml:7",
      message: 'WORKFLOW_INVALID: retries is "two"',
      facts: [
        ["at", "step s, field retries"],
        ["expected", "a number"],
        ["got", '"two"'],
        ["hint", "write digits"],
      ],
    });
  });

  test.each([
    ['operator is unknown: expected == !=, got "x"; did you mean "=="?', "operator is unknown"],
    ["it holds a {{template}} (expected plain names)", "it holds a {{template}}"],
    ["there is no transform: expected one of set, map", "there is no transform"],
    ["expected nothing of the kind", "expected nothing of the kind"],
  ])("knows the ways in which a message tells facts: %s", (message, told) => {
    const [, expected = ""] = /expected (?:one of )?(.*?)(?:, got|\)|$)/.exec(message)!;
    const fault = { ...FAULT, message, expected, got: '"x"', hint: 'did you mean "=="?' };

    expect(describeFault(fault).message).toBe(`WORKFLOW_INVALID: ${told}`);
  });

  test("leaves out what a fault has not", () => {
    const { place, facts } = describeFault({ ...FAULT, line: null, step: null, field: null, expected: null, got: null });

    expect(place).toBe("flow.yaml");
    expect(facts).toEqual([["hint", "write digits"]]);
  });

  test.each(BROKEN)("repeats nothing, and leaves no label empty: $name", ({ replace: [from, to] }) => {
    const text = SOUND.replace(from, () => to);
    for (const issue of parseWorkflow(text, { catalog: createBuiltinCatalog() }).issues) {
      const { line = null, step = null, field = null } = issue;
      const { message, facts } = describeFault({ ...issue, file: "flow.yaml", line, step, field });
      expect(message).not.toMatch(/[,:(] ?expected |did you mean/);
      expect(facts.map(([label]) => label)).toEqual([...(step === null && field === null ? [] : ["at"]), "expected", "got", "hint"]);
      expect(facts.every(([, fact]) => fact.trim() !== "")).toBe(true);
    }
  });
});
