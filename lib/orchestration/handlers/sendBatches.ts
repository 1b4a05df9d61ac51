// How a list that is to be sent is cut into batches whose members never change: each batch is named by the list's own hash, size and place.
import { z } from "zod";
import { sha256Hex } from "../../core/ids.ts";
import { canonicalJson, type JsonObject, type JsonValue } from "../../core/json.ts";
import { settingError } from "./settingError.ts";

const settingsSchema = z.strictObject({
  /** Parameter that holds the list. */
  over: z.string().min(1).max(200),
  /** Members of one call. */
  size: z.int().min(1).max(10_000).default(50),
  /** Calls a minute; absent: as fast as they are answered. */
  per_minute: z.number().positive().max(60_000).optional(),
  /** `stop`: what is refused ends the step. `dead_letter`: it is set aside, listed in the output, and the rest goes out. */
  on_refusal: z.enum(["stop", "dead_letter"]).default("stop"),
});

export type BatchSettings = z.output<typeof settingsSchema>;

/** @throws AppError `WORKFLOW_INVALID` naming the field */
export function parseBatchSettings(step: string, written: JsonValue): BatchSettings {
  const parsed = settingsSchema.safeParse(written);
  if (parsed.success) return parsed.data;
  throw settingError(step, "metadata.batch", parsed.error);
}

export interface Batch {
  readonly id: string;
  /** Place of its first member in the list. */
  readonly from: number;
  readonly members: readonly JsonValue[];
}

const HASH_CHARACTERS = 16;
const BATCH_ID = /^batch-([0-9a-f]{16})-(\d{1,5})\[(\d{1,9})\]$/;

/**
 * @param begun ids of parts that earlier attempts began: their size stands, whatever the settings say now
 * @returns null when the list is not the one that was begun
 */
export function batchesOf(
  list: readonly JsonValue[],
  params: JsonObject,
  { settings, begun }: { readonly settings: BatchSettings; readonly begun: readonly string[] },
): readonly Batch[] | null {
  // All that is sent decides what a batch is: another text to the same people is another list.
  const hash = sha256Hex(canonicalJson({ ...params, [settings.over]: list })).slice(0, HASH_CHARACTERS);
  let { size } = settings;
  for (const id of begun) {
    const [, earlierHash, earlierSize] = BATCH_ID.exec(id) ?? [];
    if (earlierHash === undefined) continue;
    if (earlierHash !== hash) return null;
    size = Number(earlierSize);
  }
  const batches: Batch[] = [];
  for (let from = 0; from < list.length; from += size)
    batches.push({ id: `batch-${hash}-${size}[${batches.length}]`, from, members: list.slice(from, from + size) });
  return batches;
}
