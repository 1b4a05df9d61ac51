#!/usr/bin/env node
// The command line's entry, and its only reader of process.env. Small on purpose: what it imports below comes from the compile cache.
import { enableCompileCache } from "node:module";

enableCompileCache();

const { runProgram } = await import("./program.ts");
// Not process.exit: what is still on its way into a pipe would be cut.
process.exitCode = await runProgram({
  argv: process.argv,
  env: process.env,
  stdout: process.stdout,
  stderr: process.stderr,
  cwd: () => process.cwd(),
  exit: (code) => process.exit(code),
  on: (signal, listener) => process.on(signal, listener),
  off: (signal, listener) => process.off(signal, listener),
});
