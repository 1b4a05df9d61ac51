// Definitions and snapshots by hash: stored once per workspace, read once per process.
import { LRUCache } from "lru-cache";
import { AppError } from "../core/errors.ts";
import { sha256, type WorkspaceId } from "../core/ids.ts";
import { canonicalJson, decodeJson, type JsonObject, type JsonValue } from "../core/json.ts";
import type { Queryable } from "../db/Database.ts";

export interface StoredDocument {
  readonly hash: Buffer;
  readonly kind: "definition" | "snapshot";
  readonly content: string;
}

export function makeDocument(kind: StoredDocument["kind"], value: JsonObject): StoredDocument {
  const content = canonicalJson(value);
  return { hash: sha256(content), kind, content };
}

export async function putDocuments(db: Queryable, workspaceId: WorkspaceId, documents: readonly StoredDocument[]): Promise<void> {
  await db.query(
    `INSERT INTO stored_documents (workspace_id, hash, kind, content)
     SELECT $1, hash, kind, content FROM unnest($2::bytea[], $3::text[], $4::bytea[]) AS d(hash, kind, content) ON CONFLICT DO NOTHING`,
    [workspaceId, documents.map(({ hash }) => hash), documents.map(({ kind }) => kind), documents.map(({ content }) => Buffer.from(content, "utf8"))],
    "documents_put",
  );
}

export class DocumentCache {
  readonly #documents = new LRUCache<string, JsonValue & object>({ max: 1_000 });

  /** @throws AppError `NOT_FOUND` */
  async load(db: Queryable, workspaceId: WorkspaceId, hash: Buffer): Promise<JsonValue> {
    const key = `${workspaceId}/${hash.toString("hex")}`;
    const cached = this.#documents.get(key);
    if (cached !== undefined) return cached;
    const { rows } = await db.query<{ content: Buffer }>("SELECT content FROM stored_documents WHERE workspace_id = $1 AND hash = $2", [workspaceId, hash], "document_loaded");
    const content = rows[0]?.content;
    if (content === undefined) throw new AppError("NOT_FOUND", `no stored document ${hash.toString("hex")}`);
    const value = decodeJson(content) as JsonValue & object;
    // One object per document: the plans of walks are cached by the identity of their step lists.
    this.#documents.set(key, value);
    return value;
  }
}
