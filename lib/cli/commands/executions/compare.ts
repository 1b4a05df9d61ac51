// `executions compare A B`: step by step, and where the outputs differ.
import type { JsonValue } from "../../../core/json.ts";
import { isJsonObject } from "../../../core/json.ts";
import type { ExecutionReport, StepReport } from "../../../systemApi.ts";
import { formatCount, formatMs, formatUsd, shortModel } from "../../text/amounts.ts";
import type { Cli } from "../../Cli.ts";
import { describeStatus } from "../../text/describeReport.ts";
import { resolveExecutionId, shortId } from "../../input/resolveId.ts";
import type { Column } from "../../text/table.ts";

interface Pair {
  readonly path: string;
  readonly left: StepReport | null;
  readonly right: StepReport | null;
}

/** More differences than this are counted, not listed. */
const MAX_DIFFERENCES = 50;

export async function compare(cli: Cli, leftId: string, rightId: string): Promise<void> {
  await cli.withSystem(async ({ api }) => {
    const left = await api.report(await resolveExecutionId(api, leftId));
    const right = await api.report(await resolveExecutionId(api, rightId));
    const steps = pairSteps(left.steps, right.steps);
    const outputDifferences = differingPaths(left.output, right.output);
    if (cli.output.isJson) {
      cli.output.json({ left: headOf(left), right: headOf(right), steps, outputDifferences });
      return;
    }
    cli.output.table([left, right], HEAD_COLUMNS, "");
    cli.output.data("");
    cli.output.table(steps, STEP_COLUMNS, "neither has a step");
    cli.output.data(
      outputDifferences.length === 0
        ? "\nthe outputs are equal"
        : `\nthe outputs differ at ${outputDifferences.slice(0, MAX_DIFFERENCES).join(", ")}${outputDifferences.length > MAX_DIFFERENCES ? ` and ${outputDifferences.length - MAX_DIFFERENCES} more places` : ""}`,
    );
  });
}

const HEAD_COLUMNS: readonly Column<ExecutionReport>[] = [
  { title: "ID", value: ({ executionId }) => shortId(executionId) },
  { title: "WORKFLOW", value: ({ workflow }) => workflow, shrinkTo: 12 },
  { title: "STATUS", value: describeStatus },
  { title: "TOKENS", align: "right", value: ({ tokens }) => (tokens.used === null ? "?" : formatCount(tokens.used)) },
  { title: "COST", align: "right", value: ({ costUsd }) => (costUsd === null ? "?" : formatUsd(costUsd)) },
];

/** One cell for both sides: `=` when they agree. */
function both(title: string, value: (step: StepReport) => string): Column<Pair> {
  return {
    title,
    value: ({ left, right }) => {
      const [before, after] = [left === null ? "–" : value(left), right === null ? "–" : value(right)];
      return before === after ? before : `${before} → ${after}`;
    },
  };
}

const STEP_COLUMNS: readonly Column<Pair>[] = [
  { title: "STEP", value: ({ path }) => path, shrinkTo: 8, cutAt: "middle" },
  both("STATUS", ({ status }) => status),
  { ...both("MODEL", ({ model }) => shortModel(model)), shrinkTo: 8 },
  both("TOKENS", ({ tokens }) => (tokens.used === null ? "?" : formatCount(tokens.used))),
  both("COST", ({ costUsd }) => (costUsd === null ? "?" : formatUsd(costUsd))),
  both("TOOK", ({ ms }) => (ms === null ? "?" : formatMs(ms))),
];

function pairSteps(left: readonly StepReport[], right: readonly StepReport[]): readonly Pair[] {
  const others = new Map(right.map((step) => [step.path, step]));
  const pairs = left.map((step): Pair => ({ path: step.path, left: step, right: others.get(step.path) ?? null }));
  const known = new Set(left.map(({ path }) => path));
  return [...pairs, ...right.filter(({ path }) => !known.has(path)).map((step): Pair => ({ path: step.path, left: null, right: step }))];
}

function headOf({ executionId, workflow, status, tokens, costUsd, output }: ExecutionReport): object {
  return { executionId, workflow, status, tokens, costUsd, output };
}

/** Paths at which two values differ: `$` is the whole. */
export function differingPaths(left: JsonValue | undefined, right: JsonValue | undefined, path = "$"): readonly string[] {
  if (Array.isArray(left) && Array.isArray(right)) {
    const length = Math.max(left.length, right.length);
    return Array.from({ length }, (_, index) =>
      differingPaths(left[index] as JsonValue, right[index] as JsonValue, `${path}[${index}]`),
    ).flat();
  }
  if (isJsonObject(left) && isJsonObject(right)) {
    const keys = new Set([...Object.keys(left), ...Object.keys(right)]);
    return [...keys].flatMap((key) => differingPaths(left[key], right[key], `${path}.${key}`));
  }
  return Object.is(left, right) ? [] : [path];
}
