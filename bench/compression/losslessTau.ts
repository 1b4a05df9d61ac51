// DIR/tau-airline.json: what the lossless level saves on recorded tool outputs, each decoded again and compared.
import { readFile } from "node:fs/promises";
import path from "node:path";
import { row, type Row } from "../measure.ts";
import type { TokenCounter } from "../../lib/tokens/TokenCounter.ts";
import { minify, toon } from "./baselines.ts";
import { percent } from "./payloads.ts";
import type { Compress } from "./subject.ts";

interface Run {
  readonly traj: readonly { readonly role: string; readonly content: string | null }[];
}

export async function readToolOutputs(folder: string): Promise<readonly string[]> {
  const runs = JSON.parse(await readFile(path.join(folder, "tau-airline.json"), "utf8")) as readonly Run[];
  return runs.flatMap(({ traj }) =>
    traj.flatMap(({ role, content }) => (role === "tool" && content !== null && content !== "" ? [content] : [])),
  );
}

/** `decode` rebuilds the content from the view alone. */
export async function measureLossless(
  folder: string,
  counter: TokenCounter,
  compress: Compress,
  decode: (view: string) => string,
): Promise<{ readonly rows: readonly Row[]; readonly table: readonly string[] }> {
  const outputs = await readToolOutputs(folder);
  const tokens = { in: 0, out: 0, minified: 0, best: 0 };
  const wrong: string[] = [];
  for (const content of outputs) {
    const { view } = await compress({ content, level: 0 });
    tokens.in += counter.count(content);
    tokens.out += counter.count(view);
    const minified = minify(counter, content);
    tokens.minified += counter.count(minified);
    tokens.best += Math.min(counter.count(minified), counter.count(toon(counter, content)));
    if (view !== content && !isSameValue(content, decode(view))) wrong.push(content.slice(0, 60));
  }
  const saved = (out: number): number => 1 - out / Math.max(1, tokens.in);
  return {
    // A level that decodes to something else is not lossless, whatever it saves.
    rows: [row("lossless_saving", wrong.length === 0 ? saved(tokens.out) : 0, "share", { goal: ">= 0.35", baseline: saved(tokens.best) })],
    table: [
      `lossless (${outputs.length} tool outputs, ${tokens.in} tokens)`,
      `  ours ${percent(saved(tokens.out))}   minified ${percent(saved(tokens.minified))}   best of minified and TOON ${percent(saved(tokens.best))}   decoded wrongly: ${wrong.length}`,
      ...wrong.slice(0, 5).map((start) => `    ${start}`),
    ],
  };
}

/** Same text, or the same JSON up to white space: numbers are compared as they are written, so that 1.0 is not 1 and no digit is lost. */
export function isSameValue(left: string, right: string): boolean {
  if (left === right) return true;
  const [a, b] = [canonical(left), canonical(right)];
  return a !== undefined && a === b;
}

/** JSON with every number turned into a string of its source text, which `context.source` of the reviver gives. */
function canonical(text: string): string | undefined {
  try {
    const parse = JSON.parse as (text: string, reviver: (key: string, value: unknown, context: { source?: string }) => unknown) => unknown;
    return JSON.stringify(parse(text, (_, value, { source }) => (typeof value === "number" ? `number ${source}` : value)));
  } catch {
    return undefined;
  }
}
