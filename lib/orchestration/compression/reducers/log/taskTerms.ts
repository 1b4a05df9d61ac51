// What a task says about log lines: word stems, and literals (numbers, identifiers, quoted texts) that name lines. It scores no line.
import { stemmer } from "stemmer";
import type { ReduceContext } from "../../types.ts";

export interface TaskTerms {
  /** Number of different task stems among the words of a line. */
  matches(line: string): number;
  /** True when the line holds a literal of the task. */
  names(line: string): boolean;
}

const STOP_WORDS = new Set(
  "the a an and or of in on at to for from with by is are was were be been it its this that these those what which who when where why how give list show find report tell all any each per not no do does did can be as if then than there their them they we you your our my me i".split(
    " ",
  ),
);
const WORD = /[a-z]{3,40}/gi;
const LITERAL = /"[^"]{2,80}"|'[^']{3,80}'|`[^`]{2,80}`|[\w.:/@-]*\d[\w.:/@-]*/g;

function literals(task: string): string[] {
  const found = task.slice(0, 4_000).match(LITERAL) ?? [];
  return found.map((text) => text.replaceAll(/^["'`]|["'`]$/g, "")).filter((text) => text.length >= 4);
}

export function taskTerms(context: Pick<ReduceContext, "task">): TaskTerms {
  const task = context.task ?? "";
  const stems = new Set(
    (task.slice(0, 4_000).match(WORD) ?? [])
      .map((word) => word.toLowerCase())
      .filter((word) => !STOP_WORDS.has(word))
      .map((word) => stemmer(word)),
  );
  const named = literals(task);
  // Logs say the same words again and again; stemming each once is enough.
  const stemOf = new Map<string, string>();
  const stemmed = (word: string): string => {
    const known = stemOf.get(word) ?? stemmer(word.toLowerCase());
    stemOf.set(word, known);
    return known;
  };
  return {
    matches(line) {
      if (stems.size === 0) return 0;
      const found = new Set<string>();
      for (const word of line.slice(0, 600).match(WORD) ?? []) {
        const stem = stemmed(word);
        if (stems.has(stem)) found.add(stem);
      }
      return found.size;
    },
    names: (line) => named.some((text) => line.includes(text)),
  };
}
