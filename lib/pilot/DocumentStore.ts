// Definitions and snapshots by hash: stored once per workspace, read once per process.
import { LRUCache } from "lru-cache";
import { AppError } from "../core/errors.ts";
import { sha256, type WorkspaceId } from "../core/ids.ts";
import { decodeJson, encodeJson, type JsonObject, type JsonValue } from "../core/json.ts";
import type { Queryable } from "../db/Database.ts";

export interface StoredDocument {
  readonly hash: Buffer;
  readonly kind: "definition" | "snapshot";
  readonly content: string;
}

/**
 * Keys stay in their author's order, and the order is part of the hash: it reaches prompts (a schema's fields steer what a
 * model writes first) and tables (columns by order of appearance).
 */
export function makeDocument(kind: StoredDocument["kind"], value: JsonObject): StoredDocument {
  const content = encodeJson(value);
  return { hash: sha256(content), kind, content };
}

export async function putDocuments(db: Queryable, workspaceId: WorkspaceId, documents: readonly StoredDocument[]): Promise<void> {
  await db.query(
    `INSERT INTO stored_documents (workspace_id, hash, kind, content)
     SELECT $1, hash, kind, content FROM unnest($2::bytea[], $3::text[], $4::bytea[]) AS d(hash, kind, content) ON CONFLICT DO NOTHING`,
    [
      workspaceId,
      documents.map(({ hash }) => hash),
      documents.map(({ kind }) => kind),
      documents.map(({ content }) => Buffer.from(content, "utf8")),
    ],
    "documents_put",
  );
}

/** Remembers what is stored already: a workflow that is started a thousand times is written once. */
export class DocumentShelf {
  readonly #stored = new LRUCache<string, true>({ max: 10_000 });

  /** Documents that may not be stored yet; {@link noteStored} after the commit. */
  async put(tx: Queryable, workspaceId: WorkspaceId, documents: readonly StoredDocument[]): Promise<void> {
    const missing = documents.filter(({ hash }) => !this.#stored.has(keyOf(workspaceId, hash)));
    if (missing.length > 0) await putDocuments(tx, workspaceId, missing);
  }

  noteStored(workspaceId: WorkspaceId, documents: readonly StoredDocument[]): void {
    for (const { hash } of documents) this.#stored.set(keyOf(workspaceId, hash), true);
  }
}

function keyOf(workspaceId: WorkspaceId, hash: Buffer): string {
  return `${workspaceId}/${hash.toString("latin1")}`;
}

export class DocumentCache {
  readonly #documents = new LRUCache<string, Promise<JsonValue>>({ max: 1_000 });

  /** @throws AppError `NOT_FOUND` */
  load(db: Queryable, workspaceId: WorkspaceId, hash: Buffer): Promise<JsonValue> {
    const key = keyOf(workspaceId, hash);
    let document = this.#documents.get(key);
    if (document === undefined) {
      // The promise, so that a hundred claims of one workflow read it once; and one object per document, because the plans of
      // walks are cached by the identity of their step lists.
      document = loadDocument(db, workspaceId, hash);
      this.#documents.set(key, document);
      document.catch(() => this.#documents.delete(key));
    }
    return document;
  }
}

async function loadDocument(db: Queryable, workspaceId: WorkspaceId, hash: Buffer): Promise<JsonValue> {
  const { rows } = await db.query<{ content: Buffer }>(
    "SELECT content FROM stored_documents WHERE workspace_id = $1 AND hash = $2",
    [workspaceId, hash],
    "document_loaded",
  );
  const content = rows[0]?.content;
  if (content === undefined) throw new AppError("NOT_FOUND", `no stored document ${hash.toString("hex")}`);
  return decodeJson(content);
}
