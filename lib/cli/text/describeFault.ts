// A fault of a workflow file as people read it: one line that can be searched for, and the facts below it. Pure text; validate.ts writes it.
import type { FileFault } from "../input/validateFile.ts";

export interface FaultText {
  /** `flow.yaml:12`, as editors and terminals open it. */
  readonly place: string;
  /** Code and message, without the facts that stand below. */
  readonly message: string;
  readonly facts: readonly (readonly [label: string, text: string])[];
}

export function describeFault({ code, file, line, step, field, message, expected, got, hint }: FileFault): FaultText {
  const at = [step === null ? "" : `step ${step}`, field === null ? "" : `field ${field}`].filter((part) => part !== "").join(", ");
  const facts: (readonly [string, string | null])[] = [
    ["at", at === "" ? null : at],
    ["expected", expected],
    ["got", got],
    ["hint", hint],
  ];
  return {
    place: line === null ? file : `${file}:${line}`,
    message: `${code}: ${withoutFacts(message, { expected, got, hint })}`,
    facts: facts.filter((fact): fact is readonly [string, string] => fact[1] !== null && fact[1] !== ""),
  };
}

/** A message is made to be read alone, in a log; here its facts have lines of their own. */
function withoutFacts(message: string, { expected, got, hint }: Pick<FileFault, "expected" | "got" | "hint">): string {
  const ends = [
    `; ${hint}`,
    `: expected ${expected}, got ${got}`,
    `: expected one of ${expected}`,
    `, expected ${expected}`,
    ` (expected ${expected})`,
  ];
  return ends.reduce((text, end) => (text.endsWith(end) ? text.slice(0, -end.length) : text), message);
}
