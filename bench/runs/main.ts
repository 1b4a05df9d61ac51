// `npm run bench:runs [-- --data DIR] [--json]`: what budgets commit, forecast and let through.
import { existsSync } from "node:fs";
import { parseArgs } from "node:util";
import { printRows } from "../measure.ts";
import { budgetRows } from "./budgets.ts";

const { values: options } = parseArgs({ options: { json: { type: "boolean", default: false }, data: { type: "string" } } });
const dataFolder = options.data ?? "../shared/data";
if (!existsSync(dataFolder)) process.stderr.write(`${dataFolder} is not there: figures on recorded runs are left out\n`);

const rows = await budgetRows({ dataFolder, nowMs: () => Date.now(), note: (text) => process.stderr.write(`${text}\n`) });
printRows("runs", rows, options.json);
