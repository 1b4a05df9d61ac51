// Judges SQL by its verbs: what each statement does, the most dangerous first. No parser: comments, strings and quoted names are skipped.
import type { Effect } from "../../workflow/types.ts";
import { moreDangerous, opinion } from "./effects.ts";
import type { Opinion } from "./types.ts";

const SECOND_WORD =
  /\b(?:select\b[^;]*?\bfrom\b|select\s+[\d'@:*(\w]|insert\s+(?:or\s+\w+\s+|ignore\s+|overwrite\s+)?into\b|replace\s+into\b|update\s+\S+(?:\s+\S+){0,2}?\s+set\b|delete\s+from\b|merge\s+into\b|(?:create|alter|drop)\s+(?:or\s+replace\s+|unique\s+|temp\s+|temporary\s+)?(?:table|index|view|schema|database|function|trigger|role|user|type|extension|materialized)\b|truncate\b|explain\b|grant\b|with\s+\w+\s*(?:\([^)]*\)\s*)?as\b|call\s+\w+|exec(?:ute)?\s+\w+|show\s+(?:tables|databases|columns|create)|copy\s+\w+)/;
const DESTRUCTIVE_WORDS = new Set(["delete", "drop", "truncate"]);
const WRITE_WORDS = new Set([
  "insert",
  "update",
  "merge",
  "upsert",
  "replace",
  "create",
  "alter",
  "grant",
  "revoke",
  "call",
  "exec",
  "execute",
  "copy",
  "vacuum",
  "reindex",
  "refresh",
  "comment",
  "set",
  "lock",
  "do",
  "import",
  "load",
  "attach",
]);
const SIDE_EFFECT_FUNCTIONS =
  /\b(?:nextval|setval|pg_terminate_backend|pg_cancel_backend|lo_import|lo_unlink|dblink_exec|pg_advisory_lock|xp_cmdshell|set_config|pg_notify|sleep)\s*\(/;
/** Inside a statement, after `with … as (`: these words change data; `set`, `replace`, `comment` there are something else. */
const INNER_WRITE = /\b(?:insert\s+into|update\s+\S+\s+set|delete\s+from|merge\s+into|truncate\s+table|drop\s+table)\b/;

export function looksLikeSql(text: string): boolean {
  return SECOND_WORD.test(text.slice(0, 800).toLowerCase());
}

export function judgeSql(sql: string): Opinion {
  const statements = bareSql(sql.replace(/^\s*=/, ""))
    .split(";")
    .map((text) => text.trim())
    .filter((text) => text !== "");
  let effect: Effect = "read";
  for (const statement of statements) effect = moreDangerous(effect, effectOf(statement));
  if (effect === "read") return opinion("extract", "read", "request", [0.95, "its SQL only reads"]);
  return opinion("send", effect, "request", [0.95, effect === "destructive" ? "its SQL removes data" : "its SQL changes data"]);
}

function effectOf(statement: string): Effect {
  const first = /^[a-z]+/.exec(statement)?.[0] ?? "";
  if (DESTRUCTIVE_WORDS.has(first)) return "destructive";
  if (WRITE_WORDS.has(first)) return /\bdrop\b/.test(statement) && first === "alter" ? "destructive" : "write";
  if (/\b(?:delete\s+from|truncate\s+table|drop\s+table)\b/.test(statement)) return "destructive";
  if (INNER_WRITE.test(statement) || SIDE_EFFECT_FUNCTIONS.test(statement)) return "write";
  if (first === "select" && /\binto\s+(?:outfile|dumpfile|table\s|temp\s|#?\w+\s+from\b)/.test(statement)) return "write";
  // A statement that is a template as a whole, or begins with a word we do not know, may do anything.
  return ["select", "with", "explain", "show", "describe", "desc", "values", "table", "pragma", "use", "from"].includes(first)
    ? "read"
    : "write";
}

/** Lower case, with comments and quoted strings cut out, in one pass. */
export function bareSql(sql: string): string {
  const text = sql.toLowerCase();
  let bare = "";
  let index = 0;
  while (index < text.length) {
    const end = endOfSkipped(text, index);
    if (end === index) {
      bare += text.charAt(index);
      index += 1;
    } else {
      bare += " ";
      index = end;
    }
  }
  return bare;
}

function endOfSkipped(text: string, index: number): number {
  const pair = text.slice(index, index + 2);
  if (pair === "--") return after(text, "\n", index + 2);
  if (pair === "/*") return after(text, "*/", index + 2);
  return text.charAt(index) === "'" ? after(text, "'", index + 1) : index;
}

function after(text: string, mark: string, from: number): number {
  const found = text.indexOf(mark, from);
  return found === -1 ? text.length : found + mark.length;
}
