// Factors between a provider's count and o200k before anything was measured. calibration.ts replaces them as usage comes in.
import type { ContentType } from "./types.ts";

export interface DefaultFactor {
  /** Expected reported ÷ o200k. */
  readonly factor: number;
  /** What it hardly ever passes. */
  readonly upper: number;
}

type FactorTable = Readonly<Record<ContentType, DefaultFactor>>;

function table(prose: DefaultFactor, json: DefaultFactor, code: DefaultFactor, other: DefaultFactor): FactorTable {
  return { prose, json, code, other };
}

function same(factor: number, upper: number): FactorTable {
  const entry = { factor, upper };
  return table(entry, entry, entry, entry);
}

/** Counted with this very encoding. */
const EXACT = same(1, 1);
/** o200k is the model's own vocabulary; the 2 % are for wrapping that the API adds and does not document. */
const OPENAI = same(1, 1.02);
/** GPT-4 and GPT-3.5 use the older cl100k: close on English, up to a quarter more on other scripts. */
const OPENAI_CL100K = table(
  { factor: 1.02, upper: 1.1 },
  { factor: 1.02, upper: 1.1 },
  { factor: 1.02, upper: 1.1 },
  { factor: 1.1, upper: 1.5 },
);
/** No public vocabulary. Public probes up to Claude 4.6 found o200k 10 to 20 % low, most on prose. */
const CLAUDE_OLD = table(
  { factor: 1.15, upper: 1.35 },
  { factor: 1.1, upper: 1.3 },
  { factor: 1.15, upper: 1.35 },
  { factor: 1.15, upper: 1.4 },
);
/** From 4.7 on another tokenizer: against 4.6, public probes found 1.45 × on English, 1.31 × on JSON logs, 1.13 to 1.36 × on code. */
const CLAUDE_NEW = table({ factor: 1.6, upper: 2 }, { factor: 1.4, upper: 1.8 }, { factor: 1.45, upper: 1.9 }, { factor: 1.4, upper: 2 });
/** Public fits for Gemini 2.5 give 1.08. */
const GOOGLE = table(
  { factor: 1.08, upper: 1.25 },
  { factor: 1.12, upper: 1.35 },
  { factor: 1.1, upper: 1.3 },
  { factor: 1.1, upper: 1.4 },
);
/** Open models have vocabularies of 32 000 to 150 000 entries; the small ones need half as much again. */
const UNKNOWN = table(
  { factor: 1.12, upper: 1.4 },
  { factor: 1.15, upper: 1.5 },
  { factor: 1.15, upper: 1.5 },
  { factor: 1.2, upper: 1.8 },
);

export function defaultFactor(provider: string | undefined, model: string | undefined, contentType: ContentType): DefaultFactor {
  return tableFor(provider, model)[contentType];
}

function tableFor(provider: string | undefined, model: string | undefined): FactorTable {
  if (model === undefined || model === "offline" || provider === "offline" || provider === "scripted") return EXACT;
  const name = model.toLowerCase();
  if (name.includes("claude")) return hasNewClaudeTokenizer(name) ? CLAUDE_NEW : CLAUDE_OLD;
  if (name.includes("gemini")) return GOOGLE;
  if (/(?:^|\/)gpt-(?:3\.5|4(?!o|\.\d))/.test(name)) return OPENAI_CL100K;
  if (/(?:^|\/)(?:gpt-|o\d|chatgpt-)/.test(name)) return OPENAI;
  if (provider === "openai") return OPENAI;
  if (provider === "anthropic") return CLAUDE_NEW;
  return provider === "google" ? GOOGLE : UNKNOWN;
}

/** An id without a readable version is taken as the newer one, which counts more. */
function hasNewClaudeTokenizer(name: string): boolean {
  const named = /claude-[a-z]+-(\d{1,2})(?:[-.](\d{1,2}))?(?![\d])/.exec(name);
  if (named !== null) return Number(named[1]) * 100 + Number(named[2] ?? 0) >= 407;
  return !/claude-(?:[123](?:[-.]|$)|instant)/.test(name);
}
