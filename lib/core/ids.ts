// Identifiers and hashes. Random and time enter here and in clock.ts only.
import { createHash, randomBytes, randomUUID } from "node:crypto";

declare const workspaceBrand: unique symbol;
/** A workspace's UUID. Branded, so that no store function can be called without saying whose rows are meant. */
export type WorkspaceId = string & { readonly [workspaceBrand]: true };

/** Rows of an installation that never named a workspace belong to this one. */
export const DEFAULT_WORKSPACE_ID = "00000000-0000-4000-8000-000000000001" as WorkspaceId;

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

export function isUuid(text: string): boolean {
  return UUID.test(text);
}

/** Random bytes are drawn by the page: one call to the system per 16 bytes costs more than the rest of an id. */
const RANDOM_PAGE_BYTES = 4_096;
let randomPage = Buffer.alloc(0);
let randomUsed = 0;

function drawRandom(byteCount: number): Buffer {
  if (randomUsed + byteCount > randomPage.length) {
    randomPage = randomBytes(RANDOM_PAGE_BYTES);
    randomUsed = 0;
  }
  randomUsed += byteCount;
  return randomPage.subarray(randomUsed - byteCount, randomUsed);
}

/** Time-ordered UUID (RFC 9562 version 7): neighbours in time are neighbours in an index. */
export function uuidv7(nowMs: number = Date.now()): string {
  const bytes = drawRandom(16);
  bytes.writeUIntBE(nowMs, 0, 6);
  bytes[6] = (bytes[6]! & 0x0f) | 0x70;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  return formatUuid(bytes);
}

/** Random UUID (version 4), for what must not be guessed or ordered. */
export function randomId(): string {
  return randomUUID();
}

const NAMESPACE = Buffer.from("8d0c1f5e6a7b4c3d9e2f1a0b5c6d7e8f", "hex");

/** Name-based UUID (version 5): the same name gives the same id, so that starting twice is starting once. */
export function uuidv5(name: string): string {
  const bytes = createHash("sha1").update(NAMESPACE).update(name, "utf8").digest().subarray(0, 16);
  bytes[6] = (bytes[6]! & 0x0f) | 0x50;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  return formatUuid(bytes);
}

function formatUuid(bytes: Uint8Array): string {
  const hex = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** SHA-256 of UTF-8 text: 32 bytes. */
export function sha256(content: string | Uint8Array): Buffer {
  return createHash("sha256").update(content).digest();
}

export function sha256Hex(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}
