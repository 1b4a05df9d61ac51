// Replays recorded tool loops: what the input of every model call counts with our views of tool results, and without. No model is asked.
import { join } from "node:path";
import { countable } from "../../lib/ai-sdk/callSize.ts";
import { createExpandTool } from "../../lib/ai-sdk/expandTool.ts";
import { EXPAND_NAME } from "../../lib/orchestration/loops/expand.ts";
import { ToolResultViews } from "../../lib/ai-sdk/ToolResultViews.ts";
import { contentOf, isToolMessage } from "../../lib/ai-sdk/toolResults.ts";
import type { SdkCall, ViewCompressor, ViewOptions } from "../../lib/ai-sdk/types.ts";
import { TokenCompressor } from "../../lib/orchestration/TokenCompressor.ts";
import { TokenCounter } from "../../lib/tokens/TokenCounter.ts";
import { row, type Row } from "../measure.ts";
import { Minifier } from "./Minifier.ts";
import { readRecordedLoops, type RecordedCall } from "./recordedLoops.ts";
import { standsIn, valuesOf } from "./statedValues.ts";

export interface Arm {
  readonly views: ViewOptions;
  readonly offersExpand: boolean;
  readonly compressor: ViewCompressor;
}

export interface ArmResult {
  readonly savedPercent: number;
  readonly refetches: number;
}

/** The recorded runs were OpenAI's, whose vocabulary o200k is. */
const MODEL = { provider: "openai", modelId: "gpt-4o" };
/** A call for what is missing: tool name, handle, wrapping of call and result. */
const REFETCH_TOKENS = 40;

const DEFAULT_VIEWS: ViewOptions = {};
/** What an agent's owner opts in to: results said by what differs from earlier ones, long ones cut by relevance. */
const OPT_IN_VIEWS: ViewOptions = { level: 2 };

/** @param dataFolder laid out like the development data; rows have value null where its file is missing */
export async function benchLoops(dataFolder: string): Promise<readonly Row[]> {
  const runs = await readRecordedLoops(join(dataFolder, "tau-airline.json"));
  const counter = await TokenCounter.load();
  const minifier = new Minifier(counter);
  const compressor = new TokenCompressor({ counter });
  const measure = async (arm: Arm): Promise<ArmResult | null> => (runs === null ? null : await replayLoops(runs, counter, arm));
  const minified = await measure({ views: { level: 0 }, offersExpand: false, compressor: minifier });
  const byDefault = await measure({ views: DEFAULT_VIEWS, offersExpand: true, compressor });
  const optedIn = await measure({ views: OPT_IN_VIEWS, offersExpand: true, compressor });
  const baseline = minified?.savedPercent ?? null;
  return [
    row("saved_percent.loops", byDefault?.savedPercent ?? null, "% of input", { goal: ">= 12", baseline }),
    row("saved_percent.loops_opt_in", optedIn?.savedPercent ?? null, "% of input", { goal: ">= 15", baseline }),
    row("refetches", optedIn?.refetches ?? null, "calls", { baseline: byDefault?.refetches ?? null }),
  ];
}

export async function replayLoops(runs: readonly (readonly RecordedCall[])[], counter: TokenCounter, arm: Arm): Promise<ArmResult> {
  let rawTokens = 0;
  let sentTokens = 0;
  let refetches = 0;
  for (const calls of runs) {
    const result = await replayRun(calls, counter, arm);
    rawTokens += result.rawTokens;
    sentTokens += result.sentTokens;
    refetches += result.refetches;
  }
  return { savedPercent: 100 * (1 - sentTokens / rawTokens), refetches };
}

/**
 * A value that the assistant uses or states, that only tool results hold, and that no view of this call shows, is charged as the call
 * that would have asked for it: the whole input once more, and from then on the raw content beside its view.
 */
async function replayRun(
  calls: readonly RecordedCall[],
  counter: TokenCounter,
  { views: options, offersExpand, compressor }: Arm,
): Promise<{ rawTokens: number; sentTokens: number; refetches: number }> {
  const views = new ToolResultViews(counter, compressor, options);
  const tools = offersExpand ? [expandDefinition()] : undefined;
  const fetched = new Set<string>();
  const total = { rawTokens: 0, sentTokens: 0, refetches: 0 };
  for (const { prompt, answer } of calls) {
    const viewed = await views.apply({ prompt, ...(tools === undefined ? {} : { tools }) });
    const raw = countOf(counter, viewed.rawCall);
    const fetchedTokens = (): number => [...fetched].reduce((sum, content) => sum + counter.count(content) + REFETCH_TOKENS, 0);
    let sent = countOf(counter, viewed.call) + fetchedTokens();
    const missing = missingContents(viewed.rawCall, viewed.call, valuesOf(answer), fetched);
    if (missing.length > 0) {
      total.refetches += 1;
      for (const content of missing) fetched.add(content);
      sent += countOf(counter, viewed.call) + fetchedTokens();
    }
    total.rawTokens += raw;
    total.sentTokens += sent;
  }
  return total;
}

/** Raw results that hold a value which nothing shown in this call holds. */
function missingContents(rawCall: SdkCall, call: SdkCall, values: ReadonlySet<string>, fetched: ReadonlySet<string>): string[] {
  const raw = resultsOf(rawCall);
  const shown = [...resultsOf(call), ...fetched, otherTextOf(rawCall)];
  const hidden = [...values].filter(
    (value) => raw.some((content) => standsIn(content, value)) && !shown.some((content) => standsIn(content, value)),
  );
  const sources = hidden.flatMap((value) => raw.find((content) => standsIn(content, value)) ?? []);
  return [...new Set(sources)];
}

function resultsOf({ prompt }: SdkCall): string[] {
  return prompt.flatMap((message) =>
    isToolMessage(message) ? message.content.flatMap((part) => (part.type === "tool-result" ? (contentOf(part) ?? []) : [])) : [],
  );
}

function otherTextOf({ prompt }: SdkCall): string {
  return JSON.stringify(prompt.filter((message) => !isToolMessage(message)));
}

function countOf(counter: TokenCounter, call: SdkCall): number {
  return counter.countRequest(countable(MODEL, call)).tokens;
}

function expandDefinition(): NonNullable<SdkCall["tools"]>[number] {
  const { description } = createExpandTool(() => undefined);
  const properties = { handle: { type: "string" as const }, find: { type: "string" as const } };
  return {
    type: "function",
    name: EXPAND_NAME,
    ...(typeof description === "string" ? { description } : {}),
    inputSchema: { type: "object", properties, required: ["handle"] },
  };
}
