// Judges a code step by its body: does it mainly check, call out, or reshape? Runs nothing and parses no language.
import type { Effect } from "../../workflow/types.ts";
import { moreDangerous, opinion } from "./effects.ts";
import { judgeName } from "./judgeName.ts";
import type { Opinion } from "./types.ts";

/** Counting stops here. */
const COUNT_LIMIT = 20;
const COMMENT = /\/\/[^\n]*|\/\*[\s\S]*?\*\/|(?:^|\n)\s*#[^\n]*/g;
const REJECTS = /\bthrow\b|\braise\s+\w|\bassert\b|process\.exit\(1\)|\breject\(/g;
const FAULT_LISTS =
  /\b(?:errors?|issues?|problems?|violations?|failures?|warnings?|missing\w*|invalid\w*|defects|reasons)\s*(?:\.push|\.append|\+?=\s*\[|\.length)|\bmissing[A-Z]\w*\b/g;
const VERDICT_FIELDS =
  /["']?\b(?:valid|isValid|is_valid|ok|passed|isOk|verified|is\w*Verified|approved|allowed|isAllowed|is_allowed|safe|isSafe|is_safe|authorized|isAuthorized|isDuplicate|is_duplicate|duplicate|exists|alreadyProcessed|already_processed|isComplete|hasErrors|has_errors|validationErrors|validation|signatureValid|isTrusted|isSpam|is_spam|compliant|within\w*|result)\b["']?\s*[:=]\s*(?:true|false|True|False|errors|missing|!|\w+\.length\s*(?:===?|>|<)|\w+\s*(?:===?|>|<)|Boolean|re\.|\/|\w+\.(?:test|includes|has|every|some)\()/g;
const RETURNS_TRUTH = /\breturn\s+(?:true|false|True|False|!|\w+\.(?:test|includes|every|some)\()/g;
const RESHAPES =
  /\.(?:map|reduce|flatMap|forEach|join|split|replace|replaceAll|concat|sort|slice|toISOString|toFixed|toLocaleString|strftime|format|fromEntries|entries)\(|\bJSON\.(?:parse|stringify)\(|\bjson\.(?:loads|dumps)\(|`[^`]*\$\{|\bf["']|\.append\(|\.push\(/g;
const CALLS_OUT =
  /\bfetch\(|\baxios\b|httpRequest(?:WithAuthentication)?\(|\brequests\.(?:get|post|put|patch|delete|request)\(|\burllib\.request|\bhttpx\.|\bgot\(|https?\.request\(|UrlFetchApp\.fetch|octokit|github\.rest\.|\$http\b|aiohttp/;
const WRITES_OUT =
  /\brequests\.(?:post|put|patch|delete)\(|\baxios\.(?:post|put|patch|delete)\(|method:\s*["'`](?:POST|PUT|PATCH|DELETE)|writeFile|\bopen\([^)\n]{0,80},\s*["'][wa]|fs\.(?:append|unlink|rm)|create(?:Comment|Issue|Release|Label|Ref|Review)|add(?:Labels|Assignees)|updateComment|octokit\.\w+\.(?:create|update|delete)|sendMail|\.insertOne\(|\.updateOne\(|\.save\(\)/;
const COMPARES = /\.(?:includes|has|hasOwnProperty|test|match|some|every|startsWith|endsWith)\(|[!=]==?|\bin\s+\w|\bnot\s/;
const CHECK_NAMES =
  /\b(?:valid|validat|verif|check|ensure|assert|guard|sanity|integrity|compliance|lint|required fields|is duplicate|duplicate check|already)\w*/i;

export function judgeCode(code: string, name: string, description: string): Opinion {
  const body = code.replace(COMMENT, " ");
  const effect = effectOf(body);
  const naming = namingOf(name);
  if (CALLS_OUT.test(body)) return judgeCalls(effect, naming === "check");
  if (isChecking(body, naming))
    return opinion("validate", effect, "request", [naming === "none" ? 0.7 : 0.9, "its code checks and reports or throws"]);
  if (/\bvalidat|\bverif/i.test(description) && checkWeight(body) >= 2) {
    return opinion("validate", effect, "request", [0.65, "its code checks, as its description says"]);
  }
  return opinion("transform", effect, "request", [naming === "none" ? 0.85 : 0.6, "its code reshapes data of the run"]);
}

/** `check`: the name's verb is one of checking; `hint`: it speaks of a check, or asks a question. */
type Naming = "check" | "hint" | "none";

function namingOf(name: string): Naming {
  const named = judgeName(name);
  if (named?.intent === "validate" && named.isLeading) return "check";
  const asks = named?.intent === "conditional" && name.trim().endsWith("?");
  return asks || named?.intent === "validate" || CHECK_NAMES.test(name) ? "hint" : "none";
}

/** Where the name speaks of a check, a trace of one is enough; elsewhere checking must outweigh reshaping. */
function isChecking(body: string, naming: Naming): boolean {
  const checks = checkWeight(body);
  if (naming === "check") return checks >= 1 || COMPARES.test(body) || count(RESHAPES, body) === 0;
  if (naming === "hint") return checks >= 1;
  return checks >= 4 && checks > count(RESHAPES, body) * 0.7;
}

function judgeCalls(effect: Effect, isCheck: boolean): Opinion {
  if (effect === "write" || effect === "destructive")
    return opinion("send", effect, "request", [0.75, "its code calls out and changes something"]);
  if (isCheck) return opinion("validate", "read", "request", [0.6, "its code asks a service for a verdict"]);
  return opinion("extract", "read", "request", [0.75, "its code fetches data"]);
}

function effectOf(body: string): Effect {
  let effect: Effect = CALLS_OUT.test(body) ? "read" : "none";
  if (WRITES_OUT.test(body)) effect = moreDangerous(effect, "write");
  if (/\.delete\(\s*["'`]https?|method:\s*["'`]DELETE|fs\.(?:unlink|rm)|requests\.delete|axios\.delete/.test(body)) effect = "destructive";
  return effect;
}

function checkWeight(body: string): number {
  return count(REJECTS, body) * 2 + count(FAULT_LISTS, body) * 1.5 + count(VERDICT_FIELDS, body) * 1.5 + count(RETURNS_TRUTH, body);
}

function count(pattern: RegExp, text: string): number {
  let found = 0;
  const matches = text.matchAll(pattern);
  while (found < COUNT_LIMIT && matches.next().done !== true) found += 1;
  return found;
}
