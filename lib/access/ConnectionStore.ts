// Stored connections: names in the clear, secrets sealed. Says nothing to any log; auditing a change is the caller's work, in the same transaction.
import { AppError } from "../core/errors.ts";
import { closestName } from "../core/closestName.ts";
import { uuidv7, type WorkspaceId } from "../core/ids.ts";
import type { Queryable } from "../db/Database.ts";
import type { SecretBox } from "./SecretBox.ts";

export interface StoredConnection {
  readonly name: string;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

export interface GivenConnection {
  readonly name: string;
  readonly secret: string;
  /** Store it although the key of other connections is not there. @defaultValue false */
  readonly acceptLost?: boolean;
}

const NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/;
const MAX_SECRET_CHARACTERS = 65_536;
const MAX_LISTED = 1_000;

export class ConnectionStore {
  readonly #box: SecretBox;

  constructor({ box }: { readonly box: SecretBox }) {
    this.#box = box;
  }

  /**
   * Stores or replaces. Refuses while other connections wait for a key that is not there: sealing with another key, or with one
   * made now, would hide that theirs is lost.
   *
   * @throws AppError `USAGE` for a malformed name or an empty secret, quoting the name only; `SECRET_KEY_MISSING`
   */
  async setConnection(db: Queryable, workspaceId: WorkspaceId, given: GivenConnection): Promise<{ readonly isNew: boolean }> {
    const { name, secret } = given;
    if (!NAME.test(name))
      throw new AppError(
        "USAGE",
        `connection name: expected at most 64 letters, digits, dots, dashes and underscores, got ${JSON.stringify(name.slice(0, 80))}`,
      );
    if (secret === "" || secret.length > MAX_SECRET_CHARACTERS) {
      throw new AppError(
        "USAGE",
        `connection ${name}: expected a secret of 1 to ${MAX_SECRET_CHARACTERS} characters, got ${secret.length}`,
      );
    }
    if (given.acceptLost !== true) {
      const lost = (await this.listUnopenable(db, workspaceId)).filter((other) => other !== name);
      if (lost.length > 0) throw keyOfOthersLost(name, lost);
    }
    const { rows } = await db.query<{ is_new: boolean }>(
      `INSERT INTO plugin_connections (id, workspace_id, name, sealed) VALUES ($1::uuid, $2::uuid, $3, $4::bytea)
       ON CONFLICT (workspace_id, name) DO UPDATE SET sealed = EXCLUDED.sealed, updated_at = NOW()
       RETURNING id = $1::uuid AS is_new`,
      [uuidv7(), workspaceId, name, this.#box.seal(secret, [workspaceId, name])],
    );
    return { isNew: rows[0]?.is_new ?? false };
  }

  /** By name, at most 1 000, without secrets. Index: plugin_connections_name, as for all here. */
  async listConnections(db: Queryable, workspaceId: WorkspaceId): Promise<readonly StoredConnection[]> {
    const { rows } = await db.query<{ name: string; created_at: Date; updated_at: Date }>(
      "SELECT name, created_at, updated_at FROM plugin_connections WHERE workspace_id = $1::uuid ORDER BY name LIMIT $2",
      [workspaceId, MAX_LISTED],
    );
    return rows.map((row) => ({ name: row.name, createdAt: row.created_at, updatedAt: row.updated_at }));
  }

  /** Names of those whose key is not there, at most 1 000. */
  async listUnopenable(db: Queryable, workspaceId: WorkspaceId): Promise<string[]> {
    const { rows } = await db.query<{ name: string; sealed: Buffer }>(
      "SELECT name, sealed FROM plugin_connections WHERE workspace_id = $1::uuid ORDER BY name LIMIT $2",
      [workspaceId, MAX_LISTED],
    );
    return rows.filter(({ sealed }) => !this.#box.hasKeyOf(sealed)).map(({ name }) => name);
  }

  /** @throws AppError `CONNECTION_MISSING`; `SECRET_KEY_MISSING` when it cannot be opened */
  async openConnection(db: Queryable, workspaceId: WorkspaceId, name: string): Promise<string> {
    const { rows } = await db.query<{ sealed: Buffer }>(
      "SELECT sealed FROM plugin_connections WHERE workspace_id = $1::uuid AND name = $2",
      [workspaceId, name],
    );
    const [row] = rows;
    if (row !== undefined) return this.#box.open(row.sealed, [workspaceId, name]);
    const near = closestName(
      name,
      (await this.listConnections(db, workspaceId)).map((connection) => connection.name),
    );
    throw new AppError("CONNECTION_MISSING", `there is no connection "${name}"${near === null ? "" : `, did you mean "${near}"?`}`, {
      details: { got: name },
      hint: `run \`neuronforge connections set ${name} --from-env VAR\``,
    });
  }

  async removeConnection(db: Queryable, workspaceId: WorkspaceId, name: string): Promise<boolean> {
    const { rowCount } = await db.query("DELETE FROM plugin_connections WHERE workspace_id = $1::uuid AND name = $2", [workspaceId, name]);
    return rowCount > 0;
  }

  /**
   * After a new key was put first: seals with it what older keys sealed, so that those can go. A secret that is set
   * meanwhile is left as it is set.
   */
  async resealConnections(db: Queryable, workspaceId: WorkspaceId): Promise<number> {
    const { rows } = await db.query<{ name: string; sealed: Buffer }>(
      "SELECT name, sealed FROM plugin_connections WHERE workspace_id = $1::uuid ORDER BY name LIMIT $2",
      [workspaceId, MAX_LISTED],
    );
    let count = 0;
    for (const { name, sealed } of rows) {
      if (this.#box.isNewest(sealed)) continue;
      const place = [workspaceId, name];
      const renewed = this.#box.seal(this.#box.open(sealed, place), place);
      const { rowCount } = await db.query(
        "UPDATE plugin_connections SET sealed = $1::bytea WHERE workspace_id = $2::uuid AND name = $3 AND sealed = $4::bytea",
        [renewed, workspaceId, name, sealed],
      );
      count += rowCount;
    }
    return count;
  }
}

function keyOfOthersLost(name: string, lost: readonly string[]): AppError {
  const few = lost.slice(0, 5).join(", ");
  const names = lost.length > 5 ? `${few} and ${lost.length - 5} more` : few;
  const message = `connection ${name} is not stored, because the key that opens ${lost.length} other${lost.length === 1 ? "" : "s"} (${names}) is not there`;
  return new AppError("SECRET_KEY_MISSING", message, {
    details: { connections: names },
    hint: "restore the key file or NEURONFORGE_SECRET_KEY; if that key is lost for good, add --accept-lost and store the others again",
  });
}
