// Estimates a step's model tokens from lengths, in constant time. A forecast for budgets, never a count: TokenCounter counts.
import type { IntentType } from "../types.ts";
import { asRecord, isEmpty } from "./looseValues.ts";
import type { StepFacts } from "./types.ts";

/** Counting stops here. */
const COUNT_LIMIT = 5_000;
const PLACEHOLDER = /\{\{|\$\{|\{[a-z_]{2,30}\}/g;
const WIDE = /[\u3000-\u9fff\uac00-\ud7af\uff00-\uffef]/g;
const OTHER = /[\u0080-\u2fff]/g;
/** Characters a token, of English and most Latin text, on o200k. */
const LATIN_CHARS_PER_TOKEN = 4.2;
/** What a template brings in that nobody has seen yet: the median step output of a few hundred tokens. */
const TOKENS_PER_PLACEHOLDER = 250;
const MESSAGE_OVERHEAD_TOKENS = 8;
const OUTPUT_TOKENS: Readonly<Record<IntentType, number>> = {
  extract: 150,
  summarize: 200,
  generate: 500,
  validate: 120,
  send: 60,
  transform: 300,
  conditional: 20,
};
const AGENT_TURNS = 4;
/** Below this input a shorter view saves less than it costs to make. */
const COMPRESSION_FLOOR_TOKENS = 400;
const INTENTS_THAT_READ: ReadonlySet<IntentType> = new Set(["summarize", "extract", "validate", "generate", "conditional"]);

export interface TokenForecast {
  readonly tokens: number;
  readonly compressionRecommended: boolean;
}

/**
 * @param ais the agent's intensity score, 0–10; absent = 5. Agents that score high carry more context a call: input is scaled by
 *   0.75 at 0, 1 at 5, 1.25 at 10, and compression is advised from a lower input on.
 */
export function forecastTokens(
  facts: StepFacts,
  intent: IntentType,
  step: Readonly<Record<string, unknown>>,
  ais: number | undefined,
): TokenForecast {
  const score = ais === undefined || !Number.isFinite(ais) ? 5 : Math.min(Math.max(ais, 0), 10);
  const sample = facts.prompt;
  const perCharacter = sample.length === 0 ? 1 / LATIN_CHARS_PER_TOKEN : tokensOfText(sample) / sample.length;
  const placeholders = Math.min(count(PLACEHOLDER, sample) + inputPlaceholders(step["input"]), 20);
  const scale = 0.75 + score * 0.05;
  const stated = facts.promptLength * perCharacter + MESSAGE_OVERHEAD_TOKENS;
  const input = (stated + placeholders * TOKENS_PER_PLACEHOLDER) * scale;
  const fields = facts.outputKeys.length;
  const wanted =
    intent === "transform" ? Math.max(input, 60) : fields > 0 && intent !== "generate" ? 20 + fields * 18 : OUTPUT_TOKENS[intent];
  const cap = numberOf(step["max_output_tokens"]);
  const output = cap === null ? wanted : Math.min(wanted, cap);
  const turns =
    facts.type === "llm_decision" && !facts.hasBranches ? Math.min(numberOf(step["maxIterations"]) ?? AGENT_TURNS, AGENT_TURNS) : 1;
  const floor = COMPRESSION_FLOOR_TOKENS * (1.5 - score * 0.1);
  return {
    tokens: Math.max(Math.round((input + output) * turns), 1),
    compressionRecommended: step["exact"] !== true && INTENTS_THAT_READ.has(intent) && input >= floor,
  };
}

/** Tokens of a text by its scripts; within about a fifth of o200k on prose. */
function tokensOfText(text: string): number {
  const wide = count(WIDE, text);
  const other = count(OTHER, text);
  return (text.length - wide - other) / LATIN_CHARS_PER_TOKEN + wide * 0.75 + other * 0.55;
}

function inputPlaceholders(input: unknown): number {
  if (typeof input === "string") return count(PLACEHOLDER, input.slice(0, 2_000));
  return isEmpty(asRecord(input)) && !Array.isArray(input) ? 0 : 1;
}

function numberOf(value: unknown): number | null {
  return typeof value === "number" && Number.isFinite(value) && value > 0 ? value : null;
}

function count(pattern: RegExp, text: string): number {
  let found = 0;
  const matches = text.matchAll(pattern);
  while (found < COUNT_LIMIT && matches.next().done !== true) found += 1;
  return found;
}
