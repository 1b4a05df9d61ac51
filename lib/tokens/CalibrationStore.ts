// Rows of token_calibration. Shared by all workspaces: a factor says something about a model, nothing about content.
import type { Queryable } from "../db/Database.ts";
import type { CalibrationEntry } from "./calibration.ts";
import type { ContentType } from "./types.ts";

interface CalibrationRow {
  provider: string;
  model: string;
  content_type: string;
  factor: number;
  spread: number;
  samples: string;
}

export async function loadCalibration(db: Queryable): Promise<CalibrationEntry[]> {
  const { rows } = await db.query<CalibrationRow>("SELECT provider, model, content_type, factor, spread, samples FROM token_calibration");
  return rows.map(toEntry);
}

/** Last writer wins: two processes learn the same thing, and either's factor is a good one. */
export async function saveCalibration(db: Queryable, entries: readonly CalibrationEntry[]): Promise<void> {
  if (entries.length === 0) return;
  await db.query(
    `INSERT INTO token_calibration (provider, model, content_type, factor, spread, samples)
     SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::float8[], $5::float8[], $6::bigint[])
     ON CONFLICT (provider, model, content_type) DO UPDATE
       SET factor = EXCLUDED.factor, spread = EXCLUDED.spread, samples = EXCLUDED.samples, updated_at = NOW()`,
    [
      entries.map((entry) => entry.provider),
      entries.map((entry) => entry.model),
      entries.map((entry) => entry.contentType),
      entries.map((entry) => entry.factor),
      entries.map((entry) => entry.spread),
      entries.map((entry) => entry.samples),
    ],
  );
}

function toEntry(row: CalibrationRow): CalibrationEntry {
  return {
    provider: row.provider,
    model: row.model,
    contentType: row.content_type as ContentType,
    factor: row.factor,
    spread: row.spread,
    samples: Number(row.samples),
  };
}
