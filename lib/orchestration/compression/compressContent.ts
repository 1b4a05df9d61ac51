// One content to its view, synchronously: detect, lossless, reduce, select, verify. Policies and threads are TokenCompressor.ts's.
import type { TokenCounter } from "../../tokens/TokenCounter.ts";
import type { CompressedContent } from "../types.ts";
import { atomsOf, withoutTags } from "./atoms.ts";
import { contentGroupOf, createQualityEstimator, PERFECT_QUALITY, taskKindOf, type QualityInputs } from "./calibration.ts";
import type { ContentGroup, QualityEstimate } from "./calibrationModel.ts";
import { detectPayloadType } from "./detect.ts";
import { encodeLossless } from "./lossless.ts";
import { Markers } from "./markers.ts";
import { rankUnits } from "./rankUnits.ts";
import { DATA_REDUCERS } from "./reducers/dataReducers.ts";
import { TEXT_REDUCERS } from "./reducers/textReducers.ts";
import { UnitSelector } from "./selectUnits.ts";
import { StageLog } from "./StageLog.ts";
import type { CompressionLevel, PayloadType, ReduceContext, Reducer, Reduction } from "./types.ts";
import { verifyView } from "./verifyView.ts";

export interface CompressJob {
  readonly content: string;
  readonly task?: string;
  readonly fields?: readonly string[];
  /** At most 2 here. */
  readonly level: CompressionLevel;
  /** 0–5 that the view must reach; null: none is asked for. */
  readonly minQuality: number | null;
  /** `bound`: the lower bound of Q must reach the minimum (policies); `estimate`: Q itself (an explicit demand). */
  readonly compares: "bound" | "estimate";
  /** To be reached; null: cut while quality holds. */
  readonly targetTokens: number | null;
}

export interface JobTools {
  readonly counter: TokenCounter;
  /** Milliseconds, monotonic. */
  readonly now: () => number;
  /** Sees what the estimate of the final view was made from; for the fit of the calibration. */
  readonly onQuality?: (inputs: QualityInputs, isKept: (index: number) => boolean) => void;
}

/** Contents below this many tokens are left alone unless a target says otherwise. */
const MIN_TOKENS = 120;
const REDUCERS: ReadonlyMap<PayloadType, Reducer> = new Map(
  [...TEXT_REDUCERS, ...DATA_REDUCERS].flatMap((reducer) => reducer.types.map((type) => [type, reducer] as const)),
);

interface Candidate {
  readonly view: string;
  readonly tokensOut: number;
  readonly lossless: boolean;
  readonly quality: QualityEstimate;
  readonly level: 0 | 1 | 2;
  readonly fits: boolean;
  /** Atoms of the units that had to stay. */
  readonly pinned: ReadonlySet<string>;
}

const NONE: ReadonlySet<string> = new Set();

export function compressContent(job: CompressJob, tools: JobTools): CompressedContent {
  const { content } = job;
  const { counter } = tools;
  const tokensIn = counter.count(content);
  const log = new StageLog(tools.now, tokensIn);
  const isSmall = tokensIn < MIN_TOKENS && (job.targetTokens === null || job.targetTokens >= tokensIn);
  if (isSmall || tokensIn === 0) return passthrough(content, tokensIn, log);
  const type = log.stage("detect", () => detectPayloadType(content).type);
  const raw: Candidate = {
    view: content,
    tokensOut: tokensIn,
    lossless: true,
    quality: PERFECT_QUALITY,
    level: 0,
    fits: job.targetTokens === null || tokensIn <= job.targetTokens,
    pinned: NONE,
  };
  const lossless = losslessCandidate(job, tools, { type, raw, log });
  const reduced = job.level === 0 ? null : reducedCandidate(job, tools, { type, lossless, log });
  const best = reduced ?? lossless;
  log.end(best.tokensOut);
  const isRaw = best.view === content;
  const fitsAll = best.fits && meets(job, best.quality);
  return {
    view: best.view,
    tokensIn,
    tokensOut: best.tokensOut,
    lossless: best.lossless,
    quality: best.quality.quality,
    qualityLowerBound: best.quality.lowerBound,
    level: best.level,
    stages: log.stages,
    facts: factsOf(best, best.pinned),
    handles: [],
    outcome: isRaw && fitsAll ? "passthrough" : fitsAll ? "ok" : "cannot_fit",
  };
}

function losslessCandidate(
  { targetTokens, content }: CompressJob,
  { counter }: JobTools,
  { type, raw, log }: { readonly type: PayloadType; readonly raw: Candidate; readonly log: StageLog },
): Candidate {
  if (type !== "json" && type !== "ndjson" && type !== "csv") return raw;
  return log.stage("lossless", () => {
    const encoded = encodeLossless(content, (text) => counter.count(text));
    if (encoded === null) return raw;
    const tokensOut = counter.count(encoded.view);
    if (tokensOut >= raw.tokensOut) return raw;
    return { ...raw, view: encoded.view, tokensOut, fits: targetTokens === null || tokensOut <= targetTokens };
  });
}

/** null: the lossless view is as short, or nothing shorter may be shown. */
function reducedCandidate(
  job: CompressJob,
  tools: JobTools,
  { type, lossless, log }: { readonly type: PayloadType; readonly lossless: Candidate; readonly log: StageLog },
): Candidate | null {
  const mark = new Markers();
  const reduction = log.stage("reduce", () => reduce(job, tools, { type, mark }));
  if (reduction === null) return null;
  const cut = log.stage("select", () => cutUnits(job, tools, { reduction, lossless }));
  if (cut === null) return null;
  const fault = log.stage("verify", () => verifyView(job.content, cut, { mark, reduction }));
  if (fault === null) return cut.candidate;
  log.rollBack(fault);
  return null;
}

function reduce(
  { content, task, fields, level }: CompressJob,
  { counter }: JobTools,
  { type, mark }: { readonly type: PayloadType; readonly mark: Markers },
): Reduction | null {
  const context: ReduceContext = {
    counter,
    level,
    mark,
    ...(task === undefined ? {} : { task }),
    ...(fields === undefined ? {} : { fields }),
  };
  const own = REDUCERS.get(type)?.reduce(content, context) ?? null;
  if (own !== null || level < 2 || type === "prose") return own;
  // Whatever it is, it has sentences or lines.
  return REDUCERS.get("prose")?.reduce(content, context) ?? null;
}

interface Cut {
  readonly candidate: Candidate;
  readonly kept: ReadonlySet<number>;
}

function cutUnits(
  job: CompressJob,
  tools: JobTools,
  { reduction, lossless }: { readonly reduction: Reduction; readonly lossless: Candidate },
): Cut | null {
  const { counter } = tools;
  const { units } = reduction;
  const all = new Set(units.keys());
  const whole = reduction.render(all);
  const wholeTokens = counter.count(whole);
  const perCharacter = wholeTokens / Math.max(whole.length, 1);
  const tokens = units.map(({ text }) => Math.max(1, text.length * perCharacter));
  const { scores, values } = rankUnits(units, job.task, job.fields ?? [], taskKindOf(job.task));
  const inputs = qualityInputs(job, { reduction, whole, scores, tokens });
  const estimator = createQualityEstimator(inputs);
  const pinned = atomsOf(units.flatMap(({ pin, text }) => (pin === undefined ? [] : [text])).join("\n"));
  const isPerfect = reduction.lossless;
  const estimate = (kept: ReadonlySet<number>): QualityEstimate =>
    isPerfect && kept.size === units.length ? PERFECT_QUALITY : estimator.estimate((index) => kept.has(index));
  const selector = new UnitSelector({ units, values, tokens, estimate });
  const viewOf = (kept: ReadonlySet<number>): Cut => {
    const view = kept.size === units.length ? whole : reduction.render(kept);
    const tokensOut = kept.size === units.length ? wholeTokens : counter.count(view);
    const level = kept.size === units.length ? 1 : 2;
    const fits = job.targetTokens === null || tokensOut <= job.targetTokens;
    const isWhole = isPerfect && kept.size === units.length;
    return { kept, candidate: { view, tokensOut, lossless: isWhole, quality: estimate(kept), level, fits, pinned } };
  };
  const chosen = choose(job, { selector, group: contentGroupOf(reduction.type), viewOf, all, wholeTokens });
  if (chosen === null) return null;
  tools.onQuality?.(inputs, (index) => chosen.kept.has(index));
  const { candidate } = chosen;
  const isShorter = candidate.tokensOut < lossless.tokensOut;
  // The lossless view fits as well and says everything.
  if (!isShorter || (job.targetTokens !== null && lossless.fits && job.minQuality !== null)) return null;
  return chosen;
}

/** A few records are compared with one another, whatever the task names: without a size to reach they are shown to the last. */
const SHORT_LIST_ROWS = 25;

function isShortList(rows: number, group: ContentGroup): boolean {
  return group === "records" && rows <= SHORT_LIST_ROWS;
}

interface Choosing {
  readonly group: ContentGroup;
  readonly selector: UnitSelector;
  readonly viewOf: (kept: ReadonlySet<number>) => Cut;
  readonly all: ReadonlySet<number>;
  readonly wholeTokens: number;
}

/** null: nothing that may be shown is shorter. */
function choose(job: CompressJob, { selector, group, viewOf, all, wholeTokens }: Choosing): Cut | null {
  const { targetTokens, level, compares } = job;
  const holds = (kept: ReadonlySet<number>): boolean => meets(job, selector.select(kept).quality);
  if (level < 2) return holds(all) || job.minQuality === null ? viewOf(all) : null;
  if (targetTokens === null) {
    if (!holds(all)) return null;
    if (compares === "bound" && isShortList(selector.unitCount, group)) return viewOf(all);
    return viewOf(selector.keep(selector.fewest(holds)));
  }
  if (wholeTokens <= targetTokens && (job.minQuality === null || holds(all))) return viewOf(all);
  const sized = fitTarget(targetTokens, selector, viewOf);
  if (job.minQuality === null || meets(job, sized.candidate.quality)) return sized;
  // Both were asked for and do not go together: the smallest view that holds the quality.
  return holds(all) ? viewOf(selector.keep(selector.fewest(holds))) : null;
}

/** Sizes are estimated by characters: a few exact counts put that right. */
function fitTarget(targetTokens: number, selector: UnitSelector, viewOf: (kept: ReadonlySet<number>) => Cut): Cut {
  let budget = targetTokens;
  let best = viewOf(selector.keep(Math.max(selector.most(budget), 0)));
  for (let round = 0, last = best; round < 4; round += 1) {
    const { tokensOut } = last.candidate;
    if (tokensOut <= targetTokens && (tokensOut >= targetTokens * 0.985 || last.kept.size >= selector.unitCount)) break;
    budget = Math.max(1, budget + (targetTokens - tokensOut) * (tokensOut > targetTokens ? 1.05 : 0.8));
    const count = selector.most(budget);
    last = viewOf(selector.keep(Math.max(count, 0)));
    if (isCloser(last, best, targetTokens)) best = last;
    if (count < 0) break;
  }
  return best;
}

/** Within the target the longer view says more; beyond it the shorter one is nearer. */
function isCloser({ candidate }: Cut, { candidate: best }: Cut, targetTokens: number): boolean {
  const [own, held] = [candidate.tokensOut, best.tokensOut];
  if (own <= targetTokens) return held > targetTokens || own > held;
  return held > targetTokens && own < held;
}

function qualityInputs(
  { content, task }: CompressJob,
  {
    reduction,
    whole,
    scores,
    tokens,
  }: { readonly reduction: Reduction; readonly whole: string; readonly scores: readonly number[]; readonly tokens: readonly number[] },
): QualityInputs {
  const { type, units } = reduction;
  const raw = atomsOf(type === "html" || type === "xml" ? withoutTags(content) : content);
  const seen = atomsOf(whole);
  let atomsReduced = 0;
  for (const atom of raw) if (seen.has(atom)) atomsReduced += 1;
  return {
    type,
    ...(task === undefined ? {} : { task }),
    atomsIn: raw.size,
    atomsReduced,
    units: units.map(({ text }, index) => ({ score: scores[index] ?? 0, tokens: tokens[index] ?? 1, atoms: atomsOf(text).size })),
  };
}

function meets({ minQuality, compares }: CompressJob, { quality, lowerBound }: QualityEstimate): boolean {
  return minQuality === null || (compares === "bound" ? lowerBound : quality) >= minQuality;
}

/** Facts that must be kept: those of pinned units, all of them where nothing was cut. A view without one of them was refused before. */
function factsOf({ view, lossless }: Candidate, pinned: ReadonlySet<string>): CompressedContent["facts"] {
  const total = lossless ? atomsOf(view).size : pinned.size;
  return { total, retained: total, recoverable: 0, lost: 0 };
}

function passthrough(content: string, tokens: number, log: StageLog): CompressedContent {
  log.end(tokens);
  return {
    view: content,
    tokensIn: tokens,
    tokensOut: tokens,
    lossless: true,
    quality: PERFECT_QUALITY.quality,
    qualityLowerBound: PERFECT_QUALITY.lowerBound,
    level: 0,
    stages: log.stages,
    facts: { total: 0, retained: 0, recoverable: 0, lost: 0 },
    handles: [],
    outcome: "passthrough",
  };
}
