// Judges a code step by its body: does it mainly check, call out, or reshape? Runs nothing and parses no language.
import type { Effect } from "../../workflow/types.ts";
import { moreDangerous, opinion } from "./effects.ts";
import { judgeName } from "./judgeName.ts";
import type { Opinion } from "./types.ts";

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
  const named = judgeName(name);
  const effect = effectOf(body);
  if (CALLS_OUT.test(body)) return judgeCalls(effect, named?.intent === "validate");
  const checks = checkWeight(body);
  const isNamedCheck =
    named?.intent === "validate" || CHECK_NAMES.test(name) || (named?.intent === "conditional" && name.trim().endsWith("?"));
  const isChecking = isNamedCheck
    ? checks >= 1 || (named?.intent === "validate" && COMPARES.test(body))
    : checks >= 4 && checks > count(RESHAPES, body) * 0.7;
  if (isChecking || (isNamedCheck && named?.intent === "validate" && named.isLeading && body.trim() === "")) {
    return opinion("validate", effect, "request", [isNamedCheck ? 0.9 : 0.7, "its code checks and reports or throws"]);
  }
  const isScoring = description !== "" && /\bvalidat|\bverif/i.test(description) && checks >= 2;
  if (isScoring) return opinion("validate", effect, "request", [0.65, "its code checks, as its description says"]);
  return opinion("transform", effect, "request", [isNamedCheck ? 0.6 : 0.85, "its code reshapes data of the run"]);
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
  for (const _match of text.matchAll(pattern)) if ((found += 1) === 20) break;
  return found;
}
