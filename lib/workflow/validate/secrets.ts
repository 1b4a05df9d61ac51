// Finds what looks like a secret written into a workflow. Stricter than the log's mask: a workflow is refused for it, so prose must pass. Never shows what it found.
import { isSecretKey } from "../../core/redaction.ts";
import type { IssueList } from "./IssueList.ts";
import type { PathKey } from "../read/SourceMap.ts";

const PATTERNS: readonly (readonly [RegExp, string])[] = [
  [/\b(?:AKIA|ASIA)[0-9A-Z]{16}\b/, "an AWS access key"],
  [/\bsk[-_](?:[A-Za-z0-9]{1,20}[-_]){0,4}(?=[A-Za-z0-9_-]{0,60}\d)[A-Za-z0-9_-]{16,}/, "an API key"],
  [/\bgh[opsur]_[A-Za-z0-9]{20,}|\bgithub_pat_[A-Za-z0-9_]{20,}|\bglpat-[A-Za-z0-9_-]{16,}/, "a repository access token"],
  [/\bxox[abeoprs]-[A-Za-z0-9-]{10,}/, "a Slack token"],
  [/\bAIza[A-Za-z0-9_-]{30,}/, "a Google API key"],
  [/\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}/, "a signed token"],
  [/-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----/, "a private key"],
  // A digit or sign is asked for, or "basic understanding" would be a credential.
  [/\b(?:Bearer|Basic) +(?=[A-Za-z0-9+/=._~-]*[0-9+/=_])[A-Za-z0-9+/=._~-]{12,}/i, "an authorization header"],
  [/\b[a-z][a-z0-9+.-]{1,20}:\/\/[^\s:/@{}]{1,100}:[^\s@/{}]{3,300}@/i, "a password in a URL"],
];

/** Shannon bits per character; English words stay below 3.5 at this length, random base64 is above 4. */
const MIN_ENTROPY_BITS = 3.2;
const MIN_RANDOM_CHARACTERS = 16;
const MAX_SCANNED_CHARACTERS = 1_000_000;

const FACTS = {
  expected: "no secret in the file",
  got: "[masked]",
  hint: "take it out, and replace it if others saw the file; `neuronforge connections set NAME --from-env VAR` stores a secret for a plugin",
} as const;

export function addSecretIssues(root: unknown, issues: IssueList): void {
  visit(root, [], (text, path) => {
    const found = findSecret(text, path);
    if (found !== null) issues.add("SECRET_IN_WORKFLOW", path, `the value looks like ${found}`, FACTS);
  });
}

/** What the text looks like, or null. */
function findSecret(text: string, path: readonly PathKey[] = []): string | null {
  // Templates name secrets; they hold none.
  const literal = text.slice(0, MAX_SCANNED_CHARACTERS).replace(/\{\{[^{}]{0,600}\}\}/g, "");
  for (const [pattern, name] of PATTERNS) if (pattern.test(literal)) return name;
  const key = path.findLast((part) => typeof part === "string");
  if (key !== undefined && isSecretKey(key) && looksRandom(literal.trim())) return `a secret under ${JSON.stringify(key)}`;
  return null;
}

function looksRandom(text: string): boolean {
  if (text.length < MIN_RANDOM_CHARACTERS || /\s/.test(text)) return false;
  return /\d/.test(text) && /[A-Za-z]/.test(text) && entropyBits(text) >= MIN_ENTROPY_BITS;
}

function entropyBits(text: string): number {
  const counts = new Map<string, number>();
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) bits -= (count / text.length) * Math.log2(count / text.length);
  return bits;
}

function visit(value: unknown, path: readonly PathKey[], see: (text: string, path: readonly PathKey[]) => void): void {
  if (typeof value === "string") see(value, path);
  else if (Array.isArray(value)) for (const [index, member] of value.entries()) visit(member, [...path, index], see);
  else if (typeof value === "object" && value !== null)
    for (const [key, member] of Object.entries(value)) visit(member, [...path, key], see);
}
