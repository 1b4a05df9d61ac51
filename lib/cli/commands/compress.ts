// `compress FILE`: the view that a model would see in place of a content, and what it costs. Opens no database, calls no model.
import type { Command } from "commander";
import { TokenCompressor } from "../../orchestration/TokenCompressor.ts";
import type { CompressedContent } from "../../orchestration/types.ts";
import type { Action, Cli } from "../Cli.ts";
import { parseTokens, parseWholeNumber, usage } from "../input/parseOptions.ts";
import { readContent, readContentRows, type ContentRow } from "../input/readContents.ts";
import { formatCount } from "../text/amounts.ts";
import { diffPieces } from "../text/diffPieces.ts";
import { printable } from "../text/textWidth.ts";

interface CompressOptions {
  readonly task?: string;
  readonly targetTokens?: string;
  readonly level?: string;
  readonly quality?: string;
  readonly diff?: boolean;
}

interface Limits {
  readonly targetTokens: number | undefined;
  readonly quality: number | undefined;
  readonly level: 0 | 1 | 2 | 3 | undefined;
}

export function define(command: Command, action: Action): void {
  command
    .argument("<file>", "a text file, - for stdin, or .jsonl with a content a line")
    .option("--task <text>", "what the reader is to do: decides what is kept")
    .option("--target-tokens <n>", "how large the view may be")
    .option("--level <0-3>", "0 lossless, 1 reduce, 2 select, 3 summarise")
    .option("--quality <q>", "least Q of the view, 0 to 5")
    .option("--diff", "show what was cut instead of the view")
    .addHelpText(
      "after",
      `
Lines of a .jsonl file are {"id", "content", "task"?, "targetTokens"?}; each gives
one JSON line with its id. Q is 5 times the probability that a question which the
content answers is answered by the view.`,
    )
    .action(action(compress));
}

async function compress(cli: Cli, file: string, options: CompressOptions): Promise<void> {
  const limits = parseLimits(options);
  const isBatch = /\.jsonl$/i.test(file);
  if (options.diff === true && (cli.output.isJson || isBatch))
    throw usage("--diff shows one content to a person", "--diff", "a single FILE without --json", isBatch ? "a .jsonl file" : "--json");
  if (isBatch) return compressRows(cli, await readContentRows(file), limits, options.task);
  const content = await readContent(file);
  const result = await compressOne(await TokenCompressor.create(), content, limits, options.task);
  if (cli.output.isJson) return cli.output.json(toDocument(result));
  if (options.diff === true) showDiff(cli, content, result.view);
  else cli.output.value(result.view);
  cli.output.talk(describe(result));
}

async function compressRows(cli: Cli, rows: readonly ContentRow[], limits: Limits, task: string | undefined): Promise<void> {
  const compressor = await TokenCompressor.create();
  const tokens = { in: 0, out: 0 };
  for (const row of rows) {
    const own = row.targetTokens === undefined ? limits : { ...limits, targetTokens: row.targetTokens };
    const result = await compressOne(compressor, row.content, own, row.task ?? task);
    cli.output.json({ id: row.id, ...toDocument(result) });
    tokens.in += result.tokensIn;
    tokens.out += result.tokensOut;
  }
  if (!cli.output.isJson) cli.output.talk(`${formatCount(rows.length)} contents: ${describeTokens(tokens.in, tokens.out)}`);
}

async function compressOne(
  compressor: TokenCompressor,
  content: string,
  { targetTokens, quality, level }: Limits,
  task: string | undefined,
): Promise<CompressedContent> {
  return compressor.compress(content, targetTokens, quality, {
    ...(task === undefined ? {} : { task }),
    ...(level === undefined ? {} : { level }),
  });
}

function parseLimits({ targetTokens, level, quality }: CompressOptions): Limits {
  return {
    targetTokens: targetTokens === undefined ? undefined : parseTokens(targetTokens, "--target-tokens"),
    level: level === undefined ? undefined : (parseWholeNumber(level, "--level", { min: 0, max: 3 }) as 0 | 1 | 2 | 3),
    quality: quality === undefined ? undefined : parseQuality(quality),
  };
}

function parseQuality(text: string): number {
  const quality = /^\d(?:\.\d{1,6})?$/.test(text) ? Number(text) : Number.NaN;
  if (!(quality >= 0 && quality <= 5)) throw usage("--quality takes a number from 0 to 5", "--quality", "0 to 5, such as 4.5", text);
  return quality;
}

/** In the order in which people look for them, and nothing that a later compressor may add. */
function toDocument(result: CompressedContent): CompressedContent {
  const { view, tokensIn, tokensOut, lossless, quality, qualityLowerBound, level, stages, facts, handles, outcome } = result;
  return { view, tokensIn, tokensOut, lossless, quality, qualityLowerBound, level, stages, facts, handles, outcome };
}

function describe({ tokensIn, tokensOut, lossless, quality, qualityLowerBound, level, outcome }: CompressedContent): string {
  const bound = quality - qualityLowerBound >= 0.005 ? ` (at least ${qualityLowerBound.toFixed(2)})` : "";
  const kind = lossless ? "lossless" : `level ${level}`;
  const end =
    outcome === "passthrough"
      ? "; nothing to gain"
      : outcome === "cannot_fit"
        ? "; cannot fit: this is the smallest view that may be shown"
        : "";
  return `${describeTokens(tokensIn, tokensOut)}, Q ${quality.toFixed(2)}${bound}, ${kind}${end}`;
}

function describeTokens(tokensIn: number, tokensOut: number): string {
  const saved = tokensIn === 0 ? 0 : (100 * (tokensIn - tokensOut)) / tokensIn;
  return `${formatCount(tokensIn)} to ${formatCount(tokensOut)} tokens, ${saved.toFixed(1)} % saved`;
}

/** As `diff` prints it: `-` was cut, `+` stands in the view only (markers, totals, another notation). */
function showDiff({ output }: Cli, content: string, view: string): void {
  for (const { kind, text } of diffPieces(content, view)) {
    const shown = output.width === undefined ? text : printable(text);
    if (kind === "kept") output.data(`  ${shown}`);
    else output.data(output.paint(kind === "cut" ? "red" : "green", `${kind === "cut" ? "-" : "+"} ${shown}`));
  }
}
