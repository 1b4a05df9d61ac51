import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const SYSTEM = new URL("../../../lib/system.ts", import.meta.url).href;
const HEAVY = "/node_modules/(?:nodemailer|imapflow|mailparser|@modelcontextprotocol)/";

/** Prints the heavy packages that were loaded by then. */
const PROBE = `
  import { registerHooks } from "node:module";
  const loaded = [];
  registerHooks({ load: (url, context, next) => { if (new RegExp(${JSON.stringify(HEAVY)}).test(url)) loaded.push(url); return next(url, context); } });
  await import(${JSON.stringify(SYSTEM)});
  const before = loaded.length;
  await import(new URL("plugins/email/submitMail.ts", ${JSON.stringify(SYSTEM)}).href).then(() => import("imapflow"));
  console.log(JSON.stringify([before, loaded.length > 0]));
`;

test("a system that sends no mail and calls no MCP server loads none of their packages", async () => {
  const cwd = new URL("../../..", import.meta.url);
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", PROBE], { cwd });

  // The second figure shows that the probe sees what is loaded.
  expect(JSON.parse(stdout)).toEqual([0, true]);
});
