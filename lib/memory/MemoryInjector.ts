// Builds the block that an execution is told: selects, fits into a hard number of tokens. It reads no database and sends nothing.
import type { TokenCounter } from "../tokens/TokenCounter.ts";
import type { CountOptions } from "../tokens/types.ts";
import { cutLine, memoryLine } from "./memoryLine.ts";
import { renderMemory } from "./renderMemory.ts";
import { foldText, isLineSaidIn } from "./repeats.ts";
import { selectMemories, type Candidate } from "./selectMemories.ts";
import type { BuiltMemory, MemoryBlock, MemorySection, Recall, TextShortener, ToldRow } from "./types.ts";

export interface MemoryInjectorOptions {
  readonly counter: Pick<TokenCounter, "count">;
  /** Absent: what is too long is cut at a word. */
  readonly shortener?: TextShortener;
}

export interface BuildRequest {
  /** What the execution is about: its inputs as text. It also serves as the query. */
  readonly about: string;
  /** Never passed. 0: nothing is told. */
  readonly maxTokens: number;
  /** For whom tokens are counted. Absent: plain o200k. */
  readonly model?: CountOptions;
}

/** No single line may fill the block. */
const MAX_LINE_CHARACTERS = 1_200;
/** Below this a shortened line says nothing. */
const LEAST_LINE_TOKENS = 24;
/** Characters of a token in the scripts where it has most. */
const MOST_CHARACTERS_PER_TOKEN = 5;
const LEAST_CHARACTERS = 20;

export class MemoryInjector {
  readonly #counter: Pick<TokenCounter, "count">;
  readonly #shortener: TextShortener | undefined;

  constructor({ counter, shortener }: MemoryInjectorOptions) {
    this.#counter = counter;
    this.#shortener = shortener;
  }

  /**
   * @returns null when there is nothing to tell, or no room for one line
   */
  async build(recall: Recall, { about, maxTokens, model = {} }: BuildRequest): Promise<BuiltMemory | null> {
    const count = (sections: readonly MemorySection[]): number => this.#counter.count(renderMemory(sections), model);
    let sections: readonly MemorySection[] = [];
    const from: ToldRow[] = [];
    for (const candidate of selectMemories(recall, about)) {
      const line = memoryLine(candidate.line, MAX_LINE_CHARACTERS);
      if (line === "") continue;
      const whole = withLine(sections, candidate, line);
      const fits = count(whole) <= maxTokens;
      if (!fits && !candidate.isShortenable) continue;
      const fitted = fits ? whole : await this.#shortened(sections, candidate, { line, maxTokens, count });
      if (fitted === null) continue;
      sections = fitted;
      from.push(candidate.from);
    }
    const tokens = count(sections);
    return sections.length === 0 || tokens > maxTokens ? null : { sections, tokens, from };
  }

  /** The line in what room is left: compressed, else cut. null: not even so. */
  async #shortened(
    sections: readonly MemorySection[],
    candidate: Candidate,
    fit: {
      readonly line: string;
      readonly maxTokens: number;
      readonly count: (sections: readonly MemorySection[]) => number;
    },
  ): Promise<readonly MemorySection[] | null> {
    const { line, maxTokens, count } = fit;
    const room = maxTokens - count(withLine(sections, candidate, "…"));
    if (room < LEAST_LINE_TOKENS) return null;
    const short = (await this.#shortener?.shorten(line, room)) ?? null;
    if (short !== null) {
      const compressed = withLine(sections, candidate, memoryLine(short, MAX_LINE_CHARACTERS) || "…");
      if (count(compressed) <= maxTokens) return compressed;
    }
    for (let characters = room * MOST_CHARACTERS_PER_TOKEN; characters >= LEAST_CHARACTERS; characters = Math.floor(characters * 0.8)) {
      const cut = withLine(sections, candidate, cutLine(line, characters));
      if (count(cut) <= maxTokens) return cut;
    }
    return null;
  }
}

function withLine(sections: readonly MemorySection[], { title }: Candidate, line: string): MemorySection[] {
  const held = sections.find((section) => section.title === title);
  if (held === undefined) return [...sections, { title, lines: [line] }];
  return sections.map((section) => (section === held ? { title, lines: [...held.lines, line] } : section));
}

/** The block's text without the lines that `content` says already; empty when nothing is left. */
export function memoryTextFor({ sections }: Pick<MemoryBlock, "sections">, content: string): string {
  const folded = foldText(content);
  return renderMemory(sections.map(({ title, lines }) => ({ title, lines: lines.filter((line) => !isLineSaidIn(folded, title, line)) })));
}
