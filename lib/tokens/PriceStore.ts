// Rows of ai_model_pricing: prices that an operator set. Shared by all workspaces.
import type { Queryable } from "../db/Database.ts";
import type { PriceOverride } from "./types.ts";

interface PriceRow {
  provider: string;
  model_name: string;
  effective_at: Date;
  input_usd_per_million: string;
  output_usd_per_million: string;
  cache_read_usd_per_million: string | null;
  cache_write_usd_per_million: string | null;
  context_window_tokens: string | null;
}

export async function loadPriceOverrides(db: Queryable): Promise<PriceOverride[]> {
  const { rows } = await db.query<PriceRow>(
    `SELECT provider, model_name, effective_at, input_usd_per_million, output_usd_per_million, cache_read_usd_per_million,
            cache_write_usd_per_million, context_window_tokens
     FROM ai_model_pricing ORDER BY provider, model_name, effective_at`,
  );
  return rows.map(toOverride);
}

/** A price from a moment on; the same moment again replaces it. */
export async function savePriceOverride(db: Queryable, price: PriceOverride): Promise<void> {
  await db.query(
    `INSERT INTO ai_model_pricing (provider, model_name, effective_at, input_usd_per_million, output_usd_per_million,
       cache_read_usd_per_million, cache_write_usd_per_million, context_window_tokens)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
     ON CONFLICT (provider, model_name, effective_at) DO UPDATE SET
       input_usd_per_million = EXCLUDED.input_usd_per_million, output_usd_per_million = EXCLUDED.output_usd_per_million,
       cache_read_usd_per_million = EXCLUDED.cache_read_usd_per_million, cache_write_usd_per_million = EXCLUDED.cache_write_usd_per_million,
       context_window_tokens = EXCLUDED.context_window_tokens`,
    [
      price.provider,
      price.model,
      new Date(price.effectiveAtMs),
      price.inputUsdPerMillion,
      price.outputUsdPerMillion,
      price.cacheReadUsdPerMillion,
      price.cacheWriteUsdPerMillion,
      price.contextWindowTokens,
    ],
  );
}

function toOverride(row: PriceRow): PriceOverride {
  return {
    provider: row.provider,
    model: row.model_name,
    effectiveAtMs: row.effective_at.getTime(),
    inputUsdPerMillion: Number(row.input_usd_per_million),
    outputUsdPerMillion: Number(row.output_usd_per_million),
    cacheReadUsdPerMillion: row.cache_read_usd_per_million === null ? null : Number(row.cache_read_usd_per_million),
    cacheWriteUsdPerMillion: row.cache_write_usd_per_million === null ? null : Number(row.cache_write_usd_per_million),
    contextWindowTokens: row.context_window_tokens === null ? null : Number(row.context_window_tokens),
  };
}
