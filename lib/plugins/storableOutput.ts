// Takes what an action returned into JSON of our own: a copy that the plugin cannot change later, bounded while it is made.
import { AppError } from "../core/errors.ts";
import { encodeJson, type JsonValue } from "../core/json.ts";

/** JSON.stringify and our readers recurse; deeper values end in a stack overflow somewhere later. */
const MAX_DEPTH = 500;
/** The most that JSON's escapes can lengthen a text: one control character becomes six. */
const LONGEST_ESCAPE = 6;

/**
 * @throws AppError `OUTPUT_UNSTORABLE` with the place, for what JSON would drop or change silently (functions, NaN,
 *   Map, bytes) as well as for what it refuses; `OUTPUT_TOO_LARGE` with both sizes
 */
export function toStorableOutput(value: unknown, maxBytes: number): JsonValue {
  if (value === undefined) return null;
  const copier = new Copier(maxBytes);
  const copy = copier.copy(value, "");
  // Looking for escapes costs more than all the rest of the copy, and rarely decides anything.
  if (copier.bytes * LONGEST_ESCAPE > maxBytes) checkBytes(Buffer.byteLength(encodeJson(copy)), maxBytes);
  return copy;
}

class Copier {
  readonly #maxBytes: number;
  /** Of JSON without a single escape: what is really written is never shorter. */
  bytes = 0;
  #depth = 0;
  readonly #parents = new Set<object>();

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  copy(value: unknown, path: string): JsonValue {
    if (typeof value === "string") return this.#text(value);
    if (typeof value === "object" && value !== null) return this.#nested(value, path);
    if (value === null || typeof value === "boolean") return this.#scalar(value);
    if (typeof value === "number") {
      if (!Number.isFinite(value)) throw unstorable(path, String(value));
      return this.#scalar(value);
    }
    throw unstorable(path, value === undefined ? "undefined" : `a ${typeof value}`);
  }

  #scalar<T extends number | boolean | null>(value: T): T {
    this.#add(String(value).length);
    return value;
  }

  #text(value: string): string {
    this.#add(Buffer.byteLength(value) + 2);
    return value;
  }

  #nested(value: object, path: string): JsonValue {
    if (value instanceof Date) {
      if (Number.isNaN(value.getTime())) throw unstorable(path, "an invalid date");
      return this.#text(value.toISOString());
    }
    if (this.#parents.has(value)) throw unstorable(path, "a cycle");
    if (this.#depth >= MAX_DEPTH) throw unstorable(path.slice(0, 60), `nested deeper than ${MAX_DEPTH}`);
    this.#parents.add(value);
    this.#depth += 1;
    const copy = Array.isArray(value) ? this.#list(value, path) : this.#object(value, path);
    this.#depth -= 1;
    this.#parents.delete(value);
    return copy;
  }

  #list(list: readonly unknown[], path: string): JsonValue {
    this.#add(list.length + 1);
    // Array.from, not map: holes would stay holes.
    return Array.from(list, (item, index) => this.copy(item, `${path}[${index}]`));
  }

  #object(object: object, path: string): JsonValue {
    const prototype: unknown = Object.getPrototypeOf(object);
    if (prototype !== null && prototype !== Object.prototype) {
      if ("toJSON" in object && typeof object.toJSON === "function" && !ArrayBuffer.isView(object)) return this.copy(object.toJSON(), path);
      // Of another realm (a worker's vm, a test runner) a plain object is plain all the same.
      if (Object.getPrototypeOf(prototype) !== null) throw unstorable(path, `a ${object.constructor.name}`);
    }
    const copy: Record<string, JsonValue> = {};
    for (const [key, member] of Object.entries(object) as [string, unknown][]) {
      if (member === undefined) continue;
      this.#text(key);
      this.#add(2);
      // A key named __proto__ must stay data.
      Object.defineProperty(copy, key, {
        value: this.copy(member, path === "" ? key : `${path}.${key}`),
        enumerable: true,
        configurable: true,
        writable: true,
      });
    }
    this.#add(1);
    return copy;
  }

  #add(bytes: number): void {
    this.bytes += bytes;
    checkBytes(this.bytes, this.#maxBytes);
  }
}

function checkBytes(bytes: number, maxBytes: number): void {
  if (bytes <= maxBytes) return;
  throw new AppError("OUTPUT_TOO_LARGE", `the output is larger than ${maxBytes} bytes: at least ${bytes}`, {
    details: { expected: `at most ${maxBytes} bytes`, got: `at least ${bytes} bytes` },
  });
}

function unstorable(path: string, what: string): AppError {
  const place = path === "" ? "the output" : `the output's ${path}`;
  return new AppError("OUTPUT_UNSTORABLE", `${place} is ${what}, which JSON cannot hold`, {
    details: { field: path, expected: "a JSON value", got: what },
  });
}
