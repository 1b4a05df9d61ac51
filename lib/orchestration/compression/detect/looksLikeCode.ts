// How much of a text looks like source code: statements, blocks, declarations. It names no language.

const KEYWORD =
  /^\s*(?:import |from \S+ import |export |package |#include|#define|using |namespace |def \w+\(|class \w+|interface \w+|struct \w+|enum \w+|type \w+ =|func \w*|fn \w+|function\b|async |const \w+ ?[:=]|let \w+|var \w+|public |private |protected |static |return\b|if ?\(|if .+:$|for ?\(|for .+:$|while ?\(|else\b|elif |try\b|catch ?\(|except\b|switch ?\(|case .+:$|@\w+|SELECT |INSERT |CREATE |UPDATE |DELETE |FROM |WHERE |JOIN |LEFT JOIN |GROUP BY |ORDER BY |end$|begin$|echo |fi$|done$|then$|local \w+|require\b|module \w+|impl |use \w+::|pub |mod \w+|#!\/)/;
const COMMENT = /^\s*(?:\/\/|\/\*|\*\/|\* |#(?!#| [A-Z][a-z]+ [a-z])|--\s|<!--|"""|''')/;
const TAIL = /(?:[;{}]|\)[:;]?|=>|\bthen|\bdo|\],?|\},?|[=+&|]|\(|")\s*$/;
const ASSIGNMENT = /^\s*[\w.$[\]"']+\s*(?:[+\-*/|&]?=|:=)\s*\S|^\s*[\w.$]+\(.*\)\s*;?$/;
/** `key: value` lines and list items, of YAML and the like. */
const SETTING = /^\s*(?:- )?["']?[\w./-]{1,60}["']?:(?:\s+\S{1,120}.*|\s*)$|^\s*\[[\w.\s"-]{1,60}\]\s*$|^\s*[\w.-]{1,60}\s?=\s?\S/;
const SENTENCE = /^[A-Z][\w'’,-]*(?: [\w'’",()-]+){5,}[.!?]?$/;

/** 0–1. */
export function looksLikeCode(lines: readonly string[]): number {
  if (lines.length === 0) return 0;
  let score = 0;
  let settings = 0;
  let deep = 0;
  for (const whole of lines) {
    const line = whole.slice(0, 300).trimEnd();
    if (SENTENCE.test(line.trim()) && !KEYWORD.test(line)) {
      score -= 0.3;
      continue;
    }
    if (/^\s{2,}\S/.test(line)) deep++;
    if (KEYWORD.test(line) && (TAIL.test(line) || !/[.!?]$/.test(line))) score += 1;
    else if (TAIL.test(line) && /[;{}()=]/.test(line)) score += 0.8;
    else if (ASSIGNMENT.test(line)) score += 0.8;
    else if (COMMENT.test(line)) score += 0.3;
    if (SETTING.test(line)) settings++;
  }
  const asSettings =
    settings / lines.length >= 0.8 && lines.length >= 3 && (deep > 0 || lines.some((line) => /^\s*\[[\w.\s"-]+\]\s*$/.test(line)))
      ? 0.6
      : 0;
  return Math.max(asSettings, Math.max(0, score / lines.length));
}
