// Joins memory: what starts are told, and the summaries that follow ends. Joins nothing else.
import { Ledger } from "../ledger/Ledger.ts";
import { MemoryInjector } from "../memory/MemoryInjector.ts";
import { MemoryKeeper } from "../memory/MemoryKeeper.ts";
import { MemorySummarizer } from "../memory/MemorySummarizer.ts";
import type { TextShortener } from "../memory/types.ts";
import { TokenCompressor } from "../orchestration/TokenCompressor.ts";
import type { PilotServices } from "../pilot/types.ts";
import type { TokenCounter } from "../tokens/TokenCounter.ts";

export interface MemoryOptions extends Pick<PilotServices, "db" | "clock" | "logger" | "providers" | "prices" | "counter"> {
  /** Asked for summaries; null: each agent's own. */
  readonly model: string | null;
}

export interface Memory {
  readonly injector: MemoryInjector;
  readonly keeper: MemoryKeeper;
}

export function createMemory({ db, clock, logger, providers, prices, counter, model }: MemoryOptions): Memory {
  const summarizer = new MemorySummarizer({ db, ledger: new Ledger({ db }), providers, counter, prices, clock, model });
  return {
    injector: new MemoryInjector({ counter, shortener: createShortener(counter) }),
    keeper: new MemoryKeeper({ db, clock, logger, summarizer }),
  };
}

/** By selection: whole sentences go, no words are changed. */
function createShortener(counter: TokenCounter): TextShortener {
  const compressor = new TokenCompressor({ counter });
  return {
    shorten: async (text, targetTokens) => {
      const { outcome, view } = await compressor.compress(text, targetTokens, null, { level: 2 });
      return outcome === "ok" ? view : null;
    },
  };
}
