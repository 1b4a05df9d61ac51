// How much of a text looks like source code: statements, blocks, declarations. It names no language.

const KEYWORD =
  /^\s*(?:import |from \S+ import |export |package |#include|#define|using |namespace |def \w+\(|class \w+|interface \w+|struct \w+|enum \w+|type \w+ =|func \w*|fn \w+|function\b|async |const \w+ ?[:=]|let \w+|var \w+|public |private |protected |static |return\b|if ?\(|if .+:$|for ?\(|for .+:$|while ?\(|else\b|elif |try\b|catch ?\(|except\b|switch ?\(|case .+:$|@\w+|SELECT |INSERT |CREATE |UPDATE |DELETE |FROM |WHERE |JOIN |LEFT JOIN |GROUP BY |ORDER BY |end$|begin$|echo |fi$|done$|then$|local \w+|require\b|module \w+|impl |use \w+::|pub |mod \w+|#!\/)/;
const COMMENT = /^\s*(?:\/\/|\/\*|\*\/|\* |#(?!#| [A-Z][a-z]+ [a-z])|--\s|<!--|"""|''')/;
const TAIL = /(?:[;{}]|\)[:;]?|=>|\bthen|\bdo|\],?|\},?|[=+&|]|\(|")\s*$/;
const ASSIGNMENT = /^\s*[\w.$[\]"']+\s*(?:[+\-*/|&]?=|:=)\s*\S|^\s*[\w.$]+\(.*\)\s*;?$/;
/** `key: value` lines and list items, of YAML and the like. */
const SETTING = /^\s*(?:- )?["']?[\w./-]{1,60}["']?:(?:\s+\S{1,120}.*|\s*)$|^\s*\[[\w.\s"-]{1,60}\]\s*$|^\s*[\w.-]{1,60}\s?=\s?\S/;
const SENTENCE = /^[A-Z][\w'’,-]*(?: [\w'’",()-]+){5,}[.!?]?$/;

/** Words in a row, as code hardly has them outside of comments. */
const WORDS = /(?:\b[A-Za-z']{1,30},? ){8}/;

/** What one line says for code; sentences speak against it. */
function scoreOf(line: string): number {
  const isKeyword = KEYWORD.test(line);
  if (!isKeyword && (SENTENCE.test(line.trim()) || (WORDS.test(line) && !/[;=]/.test(line)))) return -0.3;
  if (isKeyword && (TAIL.test(line) || !/[.!?]$/.test(line))) return 1;
  if ((TAIL.test(line) && /[;{}()=]/.test(line)) || ASSIGNMENT.test(line)) return 0.8;
  return COMMENT.test(line) ? 0.3 : 0;
}

/** YAML, INI and the like: nearly all lines set something, in sections or levels. */
function areSettings(lines: readonly string[]): boolean {
  if (lines.length < 3) return false;
  const set = lines.filter((line) => SETTING.test(line)).length;
  return set / lines.length >= 0.8 && lines.some((line) => /^\s{2,}\S|^\s*\[[\w.\s"-]{1,60}\]\s*$/.test(line));
}

/** 0–1. */
export function looksLikeCode(list: readonly string[]): number {
  if (list.length === 0) return 0;
  const lines = list.map((line) => line.slice(0, 300).trimEnd());
  let score = 0;
  for (const line of lines) score += scoreOf(line);
  return Math.max(areSettings(lines) ? 0.6 : 0, score / lines.length);
}
