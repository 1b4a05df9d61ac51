// Hides secrets in what is about to be logged, audited or hashed: by the name of a key, and by the look of a text. A net, not a licence to log secrets.
import { AppError } from "./errors.ts";
import type { JsonValue } from "./json.ts";

export const MASK = "[masked]";

/** Pairs and words that make a key secret, once split into lower-case words: `api key`, `x-api-key`, `openaiApiKey` alike. */
const SECRET_WORDS =
  /(?:^| )(?:api ?key|secret|passw(?:or)?d|passphrase|authorization|auth header|cookies?|credentials?|private ?key|access ?key|bearer)(?: |$)/;
/** Only at the end: `accessToken` is a secret, `tokenLimit` and `usedTokens` are figures. */
const SECRET_ENDING = /(?:^| )token$/;
/** A name, place or id of a secret is not the secret. */
const POINTER_ENDING = /(?: (?:name|file|path|from|env|id|ids|missing|count))$/;

/** Texts that are secrets wherever they stand. Bounded repetitions: this runs on every logged text. */
const SECRET_TEXTS: readonly (readonly [RegExp, string])[] = [
  [/\b(?:sk|pk|rk)[-_](?:[A-Za-z0-9]{1,20}[-_]){0,4}[A-Za-z0-9_-]{16,400}/g, MASK],
  [/\bgh[opsur]_[A-Za-z0-9]{20,255}|\bgithub_pat_[A-Za-z0-9_]{20,255}|\bglpat-[A-Za-z0-9_-]{16,100}/g, MASK],
  [/\bxox[abeoprs]-[A-Za-z0-9-]{10,250}/g, MASK],
  [/\b(?:AKIA|ASIA)[0-9A-Z]{16}\b|\bAIza[A-Za-z0-9_-]{30,60}/g, MASK],
  [/\beyJ[A-Za-z0-9_-]{8,4000}\.[A-Za-z0-9_-]{8,4000}\.[A-Za-z0-9_-]{8,1000}/g, MASK],
  [/-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----[\s\S]{0,8000}?(?:-----END [A-Z ]{0,30}PRIVATE KEY-----|$)/g, MASK],
  [/\b(Bearer|Basic) +[A-Za-z0-9+/=._~-]{12,4000}/gi, `$1 ${MASK}`],
  [/\b([a-z][a-z0-9+.-]{1,20}:\/\/[^\s:/@]{0,100}):[^\s@/]{1,300}@/gi, `$1:${MASK}@`],
  [/([?&](?:api_?key|key|token|access_token|secret|password|signature|sig)=)[^&\s#"']{4,1000}/gi, `$1${MASK}`],
];

/** Keys repeat from row to row; the bound keeps keys made of data from filling memory. */
const knownKeys = new Map<string, boolean>();
const MAX_KNOWN_KEYS = 2_000;

/** What every one of them contains: one pass spares the nine for nearly all texts (10 µs to 2 µs per audit row). */
const SECRET_HINT = /[spr]k[-_]|gh[opsur]_|github_pat|glpat-|xox[abeoprs]-|AKIA|ASIA|AIza|eyJ|-----BEGIN|bearer|basic|:\/\/|[?&]/i;

export function isSecretKey(key: string): boolean {
  const known = knownKeys.get(key);
  if (known !== undefined) return known;
  const isSecret = readsAsSecret(key);
  if (knownKeys.size >= MAX_KNOWN_KEYS) knownKeys.clear();
  knownKeys.set(key, isSecret);
  return isSecret;
}

function readsAsSecret(key: string): boolean {
  const words = key
    .replace(/([a-z0-9])([A-Z])/g, "$1 $2")
    .replace(/([A-Z])([A-Z][a-z])/g, "$1 $2")
    .replace(/[^A-Za-z0-9]+/g, " ")
    .trim()
    .toLowerCase();
  return (SECRET_WORDS.test(words) || SECRET_ENDING.test(words)) && !POINTER_ENDING.test(words);
}

export function maskSecretText(text: string): string {
  // The shortest secret that any pattern finds is longer than this.
  if (text.length < 8 || !SECRET_HINT.test(text)) return text;
  let masked = text;
  for (const [pattern, replacement] of SECRET_TEXTS) masked = masked.replace(pattern, replacement);
  return masked;
}

export function looksLikeSecret(text: string): boolean {
  return maskSecretText(text) !== text;
}

export interface MaskOptions {
  /** Objects nested deeper become `[object]` or `[array]`: what was not looked at is not shown. @defaultValue 12 */
  readonly maxDepth?: number;
}

/**
 * A JSON-safe copy with secrets replaced by `[masked]`. Numbers, booleans and null under a secret key are kept, but for
 * numbers under a password: `token: 12` is a count, and an absent secret is worth knowing.
 */
export function maskSecrets(value: unknown, options: MaskOptions = {}): JsonValue {
  return mask(value, options.maxDepth ?? 12, new Set());
}

function mask(value: unknown, depthLeft: number, parents: Set<object>): JsonValue {
  if (typeof value !== "object" || value === null) return maskScalar(value);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? "Invalid Date" : value.toISOString();
  if (value instanceof Uint8Array) return `[${value.byteLength} bytes]`;
  if (parents.has(value)) return "[cycle]";
  if (depthLeft <= 0) return Array.isArray(value) ? "[array]" : "[object]";
  parents.add(value);
  const copy = Array.isArray(value)
    ? value.map((member) => mask(member, depthLeft - 1, parents))
    : maskMembers(value instanceof Error ? errorFacts(value) : value, depthLeft - 1, parents);
  parents.delete(value);
  return copy;
}

function maskScalar(value: unknown): JsonValue {
  if (typeof value === "string") return maskSecretText(value);
  if (typeof value === "number") return Number.isFinite(value) ? value : String(value);
  if (typeof value === "boolean" || value === null || value === undefined) return value ?? null;
  return typeof value === "bigint" ? value.toString() : `[${typeof value}]`;
}

function maskMembers(object: object, depthLeft: number, parents: Set<object>): JsonValue {
  const copy: Record<string, JsonValue> = {};
  for (const [key, member] of Object.entries(object) as [string, unknown][]) {
    if (member === undefined) continue;
    // defineProperty by hand: a key named __proto__ must stay data.
    const shown = isSecretKey(key) && isHidden(key, member) ? MASK : mask(member, depthLeft, parents);
    Object.defineProperty(copy, key, { value: shown, enumerable: true, configurable: true, writable: true });
  }
  return copy;
}

function isHidden(key: string, member: unknown): boolean {
  if (member === null || typeof member === "boolean" || member === "") return false;
  return typeof member === "number" || typeof member === "bigint" ? /passw/i.test(key) : true;
}

function errorFacts(error: Error): Record<string, unknown> {
  const facts: Record<string, unknown> = { name: error.name, message: error.message };
  if (AppError.is(error)) Object.assign(facts, { code: error.code, details: error.details });
  else if ("code" in error) facts["code"] = error.code;
  if (error.stack !== undefined) facts["stack"] = error.stack;
  if (error.cause !== undefined) facts["cause"] = error.cause;
  return facts;
}
