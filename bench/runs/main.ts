// `npm run bench:runs [-- --data DIR] [--json]`: what whole executions save, and what budgets commit, forecast and let through.
import { existsSync } from "node:fs";
import { parseArgs } from "node:util";
import { printRows } from "../measure.ts";
import { budgetRows } from "./budgets.ts";
import { benchLoops } from "./loops.ts";
import { workflowRows } from "./workflows.ts";

const { values: options } = parseArgs({ options: { json: { type: "boolean", default: false }, data: { type: "string" } } });
const dataFolder = options.data ?? "../shared/data";
if (!existsSync(dataFolder)) process.stderr.write(`${dataFolder} is not there: figures on recorded runs are left out\n`);

const note = (text: string): void => void process.stderr.write(`${text}\n`);
const rows = [
  ...(await workflowRows({ note })),
  ...(await benchLoops(dataFolder)),
  ...(await budgetRows({ dataFolder, nowMs: () => Date.now(), note })),
];
printRows("runs", rows, options.json);
