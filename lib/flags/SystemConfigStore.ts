// Reads and writes system_config: text holding JSON, a workspace's row before the row for all. What flags mean is rollout.ts's work.
import type { Database, Queryable, Transaction } from "../db/Database.ts";
import type { Clock } from "../core/clock.ts";
import { AppError } from "../core/errors.ts";
import type { WorkspaceId } from "../core/ids.ts";
import type { JsonValue } from "../core/json.ts";
import { FLAG_KEYS, FLAGS, isFlagKey, unknownFlag, type FlagKey } from "./flagKeys.ts";
import { parseFlagValue, type FlagValue } from "./rollout.ts";

export interface StoredFlag {
  readonly key: FlagKey;
  /** False when the row is malformed. */
  readonly value: FlagValue;
  readonly description: string;
  /** `all`: the row for all workspaces; `workspace`: this one's own; `default`: no row. */
  readonly scope: "workspace" | "all" | "default";
  readonly updatedAt: Date | null;
  readonly warning: string | null;
}

export interface FlagChange {
  readonly workspaceId: WorkspaceId;
  readonly key: FlagKey;
  readonly before: FlagValue;
  readonly after: FlagValue;
  readonly scope: "workspace" | "all";
  readonly actor: string;
}

/** Puts the change into the audit trail, in the transaction that makes it. */
export type FlagAuditor = (tx: Transaction, change: FlagChange) => Promise<void>;

export interface FlagSetting {
  readonly workspaceId: WorkspaceId;
  readonly key: string;
  readonly value: JsonValue;
  readonly actor: string;
  /** @defaultValue "workspace" */
  readonly scope?: "workspace" | "all";
}

interface ConfigRow {
  readonly key: string;
  readonly value: string;
  readonly description: string | null;
  readonly updated_at: Date;
  readonly workspace_id: string | null;
}

export class SystemConfigStore {
  readonly #clock: Clock;
  readonly #audit: FlagAuditor;

  constructor({ clock, audit }: { readonly clock: Clock; readonly audit: FlagAuditor }) {
    this.#clock = clock;
    this.#audit = audit;
  }

  /** All four, in the plan's order. Index: system_config_key. */
  async loadFlags(db: Queryable, workspaceId: WorkspaceId): Promise<readonly StoredFlag[]> {
    const rows = await readRows(db, workspaceId, FLAG_KEYS);
    return FLAG_KEYS.map((key) => toFlag(key, rows.get(key)));
  }

  /**
   * Sets a flag and audits it, both or neither. Cohort `new` gets its `since` here, once: later settings keep it, or a
   * change of percentage would silently start the cohort anew.
   *
   * @throws AppError `USAGE` for an unknown flag or a malformed value
   */
  async setFlag(db: Database, { workspaceId, key, value, actor, scope = "workspace" }: FlagSetting): Promise<StoredFlag> {
    if (!isFlagKey(key)) throw unknownFlag(key);
    const parsed = parseFlagValue(value);
    if (!parsed.ok) throw new AppError("USAGE", `flag ${key}: ${parsed.fault}`, { details: { field: key, got: JSON.stringify(value) } });
    return await db.transaction(async (tx) => {
      // Two settings at once: the second must see the first's `since` and value.
      await tx.query("SELECT pg_advisory_xact_lock(hashtext('system_config'), hashtext($1))", [key]);
      const before = toFlag(key, (await readRows(tx, workspaceId, [key])).get(key)).value;
      const after = withSince(parsed.value, before, this.#clock.nowMs());
      await tx.query(
        `INSERT INTO system_config (key, value, description, workspace_id, updated_at) VALUES ($1, $2, $3, $4::uuid, NOW())
         ON CONFLICT (key, COALESCE(workspace_id, '00000000-0000-0000-0000-000000000000'))
         DO UPDATE SET value = EXCLUDED.value, updated_at = EXCLUDED.updated_at`,
        [key, JSON.stringify(after), FLAGS[key].description, scope === "all" ? null : workspaceId],
      );
      await this.#audit(tx, { workspaceId, key, before, after, scope, actor });
      return toFlag(key, (await readRows(tx, workspaceId, [key])).get(key));
    });
  }

  /** Any key's value; undefined without a row. A malformed one is undefined too, so that a default takes its place. */
  async findValue(db: Queryable, workspaceId: WorkspaceId, key: string): Promise<JsonValue | undefined> {
    const row = (await readRows(db, workspaceId, [key])).get(key);
    return row === undefined ? undefined : readJson(row.value);
  }
}

async function readRows(db: Queryable, workspaceId: WorkspaceId, keys: readonly string[]): Promise<ReadonlyMap<string, ConfigRow>> {
  const { rows } = await db.query<ConfigRow>(
    `SELECT DISTINCT ON (key) key, value, description, updated_at, workspace_id FROM system_config
     WHERE key = ANY($1::text[]) AND (workspace_id = $2::uuid OR workspace_id IS NULL)
     ORDER BY key, workspace_id NULLS LAST`,
    [keys, workspaceId],
  );
  return new Map(rows.map((row) => [row.key, row]));
}

function toFlag(key: FlagKey, row: ConfigRow | undefined): StoredFlag {
  const { description } = FLAGS[key];
  if (row === undefined) return { key, value: false, description, scope: "default", updatedAt: null, warning: null };
  const read = readJson(row.value);
  const parsed = read === undefined ? { ok: false as const, fault: "not JSON" } : parseFlagValue(read);
  return {
    key,
    value: parsed.ok ? parsed.value : false,
    description: row.description ?? description,
    scope: row.workspace_id === null ? "all" : "workspace",
    updatedAt: row.updated_at,
    warning: parsed.ok ? null : `system_config ${key} is malformed and counts as false: ${parsed.fault}`,
  };
}

function readJson(text: string): JsonValue | undefined {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    return undefined;
  }
}

function withSince(value: FlagValue, before: FlagValue, nowMs: number): FlagValue {
  if (typeof value !== "object" || value.cohort !== "new" || value.since !== undefined) return value;
  const kept = typeof before === "object" && before.cohort === "new" ? before.since : undefined;
  return { ...value, since: kept ?? new Date(nowMs).toISOString() };
}
