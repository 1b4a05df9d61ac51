// Reads the rows of system_config that budgets, quality minima and tiers are set by. What they mean is GovernanceSettings.ts's work.
import type { WorkspaceId } from "../../core/ids.ts";
import type { Queryable } from "../../db/Database.ts";
import { parseSettings, SETTING_KEYS, type ParsedSettings, type SettingKey } from "./GovernanceSettings.ts";

/** A workspace's own row before the row for all. Index: system_config_key. Never throws for what a row holds. */
export async function loadGovernanceSettings(db: Queryable, workspaceId: WorkspaceId): Promise<ParsedSettings> {
  const { rows } = await db.query<{ key: SettingKey; value: string }>(
    `SELECT DISTINCT ON (key) key, value FROM system_config
     WHERE key = ANY($1::text[]) AND (workspace_id = $2::uuid OR workspace_id IS NULL)
     ORDER BY key, workspace_id NULLS LAST`,
    [SETTING_KEYS, workspaceId],
  );
  return parseSettings(new Map(rows.map(({ key, value }) => [key, value])));
}
