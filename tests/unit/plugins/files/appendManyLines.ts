// The program that AppendLedger.test.ts starts and kills: appends lines under keys to `log` in the folder it is given.
import { systemClock } from "../../../../lib/core/clock.ts";
import { FileJail } from "../../../../lib/plugins/files/FileJail.ts";

const [root = "", count = "0"] = process.argv.slice(2);
const jail = new FileJail({ root, clock: systemClock });
process.send?.("ready");
for (let index = 0; index < Number(count); index += 1)
  await jail.appendOnce("log", Buffer.from(`${"y".repeat(5_000)}${index}\n`), `key${index}`);
process.send?.("done");
process.disconnect();
