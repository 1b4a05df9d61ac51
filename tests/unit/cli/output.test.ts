import { Writable } from "node:stream";
import { describe, expect, test } from "vitest";
import { Output, type OutputOptions } from "../../../lib/cli/output.ts";
import { renderError } from "../../../lib/cli/text/renderError.ts";
import { toErrorRecord, AppError } from "../../../lib/core/errors.ts";

class Screen extends Writable {
  text = "";
  readonly isTTY: boolean;
  readonly columns = 80;

  constructor(isTTY: boolean) {
    super();
    this.isTTY = isTTY;
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString("utf8");
    done();
  }
}

function createOutput(options: { isTTY?: boolean } & Partial<Omit<OutputOptions, "stdout" | "stderr">> = {}) {
  const { isTTY = false, env = {}, isJson = false, isQuiet = false, mayColor = true } = options;
  const [stdout, stderr] = [new Screen(isTTY), new Screen(isTTY)];
  return {
    stdout,
    stderr,
    output: new Output({ stdout: stdout, stderr: stderr, env, isJson, isQuiet, mayColor }),
  };
}

const FAULT = toErrorRecord(
  new AppError("WORKFLOW_INVALID", "step s2 has an unknown type", {
    details: { file: "flow.yaml", line: 12, step: "s2", field: "type", expected: "action | delay", got: "acton", near: "action" },
    hint: "write action",
  }),
);

describe("Output", () => {
  test("keeps data and talk apart", () => {
    const { output, stdout, stderr } = createOutput();

    output.data("result");
    output.talk("by the way");

    expect([stdout.text, stderr.text]).toEqual(["result\n", "by the way\n"]);
  });

  test("--quiet silences talk, not data, warnings and errors", () => {
    const { output, stdout, stderr } = createOutput({ isQuiet: true });

    output.talk("by the way");
    output.warn("mind");
    output.data("result");

    expect([stdout.text, stderr.text]).toEqual(["result\n", "warning mind\n"]);
  });

  test.each([
    ["a pipe", { isTTY: false }, false],
    ["a screen", { isTTY: true }, true],
    ["a screen with NO_COLOR", { isTTY: true, env: { NO_COLOR: "1" } }, false],
    ["a screen with TERM=dumb", { isTTY: true, env: { TERM: "dumb" } }, false],
    ["a screen with --no-color", { isTTY: true, mayColor: false }, false],
    ["a pipe with FORCE_COLOR", { isTTY: false, env: { FORCE_COLOR: "1" } }, true],
    ["a screen with FORCE_COLOR=0", { isTTY: true, env: { FORCE_COLOR: "0" } }, false],
    ["a pipe with FORCE_COLOR and NO_COLOR", { isTTY: false, env: { FORCE_COLOR: "1", NO_COLOR: "1" } }, false],
  ])("colours on %s: %o → %s", (_name, options, isColoured) => {
    const { output, stderr } = createOutput(options);

    output.error(FAULT);

    expect(stderr.text.includes("\u001b[31m")).toBe(isColoured);
  });

  test("rewrites a status line on a screen only", () => {
    const live = createOutput({ isTTY: true });
    const piped = createOutput({ isTTY: false });
    const ci = createOutput({ isTTY: true, env: { CI: "true" } });

    for (const { output } of [live, piped, ci]) output.status("working");

    expect(live.stderr.text).toContain("working");
    expect([piped.stderr.text, ci.stderr.text]).toEqual(["", ""]);
  });

  test("with --json an error is one object on the last line of stdout, and nothing on stderr", () => {
    const { output, stdout, stderr } = createOutput({ isJson: true });

    output.error(FAULT);

    expect(JSON.parse(stdout.text)).toEqual({ error: FAULT });
    expect(stderr.text).toBe("");
  });

  test("gives a value to a pipe byte for byte, and makes it safe on a screen", () => {
    const piped = createOutput({ isTTY: false });
    const screen = createOutput({ isTTY: true });

    for (const { output } of [piped, screen]) output.value("a\u001b]52;c;x\u0007\nb");

    expect(piped.stdout.text).toBe("a\u001b]52;c;x\u0007\nb\n");
    expect(screen.stdout.text).toBe(`${String.raw`a\u001b]52;c;x\u0007`}\nb\n`);
  });
});

describe("renderError", () => {
  test("tells what, where, expected, got, other facts and what to do", () => {
    expect(renderError(FAULT)).toEqual([
      "error WORKFLOW_INVALID: step s2 has an unknown type",
      "  at        flow.yaml:12, step s2, type",
      "  expected  action | delay",
      "  got       acton",
      "  near      action",
      "  hint      write action",
    ]);
  });

  test("lists the defects beyond the first, which is the message", () => {
    const issues = [
      { message: "first", path: "a" },
      { message: "second", path: "steps[1].id", line: 9 },
    ];
    const lines = renderError(toErrorRecord(new AppError("WORKFLOW_INVALID", "first", { details: { issues } })));

    expect(lines).toContain("  also  line 9, steps[1].id: second");
    expect(lines.join("\n")).not.toContain("a: first");
  });
});
