// Judges a transform step by its operation: reshaping, unless it reads a document, verifies, or gates. Runs no operation.
import { opinion } from "./effects.ts";
import { judgeCode } from "./judgeCode.ts";
import { judgeName } from "./judgeName.ts";
import { judgeSql, looksLikeSql } from "./judgeSql.ts";
import type { Opinion, StepFacts } from "./types.ts";

const CODE =
  /^(?:code|function|function_item|functionitem|python|javascript|script|custom_function|custom_code|ai_transform|custom)(?:$|\.)/;
const READS_DOCUMENT =
  /html.*extract|extract_?from_?file|extractfromfile|spreadsheet_?file.*(?:from|read)|read_?pdf|pdf.*(?:extract|text)|document_?(?:extract|load|pars)|doc_?extract|ocr|edit_?image\.(?:info|information)|parse_?(?:pdf|html|email|document)|css_?select|xpath|scrape|exif|extract_?text|text_?extract/;
const VERIFIES = /(?:^|[._])(?:validate|verify|check|assert|lint|schema_?validat\w*)/;
const GATES =
  /\b(?:only (?:continue|proceed|if|when|run|pass)|continue (?:only )?if|continue when|stop if|skip if|is not empty|not empty|is empty|has |exists|already|if |proceed|gate|allow(?:ed)?|ignore|from me|not from|wait until|did |was |should |are there|any new)/i;

export function judgeTransform(facts: StepFacts): Opinion {
  const operation = facts.operation.toLowerCase().replace(/-/g, "_");
  if (CODE.test(operation) || (operation === "" && facts.code !== "")) return judgeCode(facts.code, facts.name, facts.description);
  if (facts.sql !== "" && looksLikeSql(facts.sql) && /sql|query/.test(operation)) return localQuery(facts);
  if (READS_DOCUMENT.test(operation)) return opinion("extract", "read", "structure", [0.75, "it reads values out of a document"]);
  if (VERIFIES.test(operation)) return opinion("validate", "none", "structure", [0.8, "its operation checks"]);
  if (/^filter(?:$|\.)/.test(operation)) return judgeFilter(facts);
  return opinion("transform", "none", "structure", [0.95, `its operation "${facts.operation.slice(0, 40)}" reshapes data of the run`]);
}

/** SQL over data of the run (merge by SQL) reshapes it. */
function localQuery(facts: StepFacts): Opinion {
  const judged = judgeSql(facts.sql);
  return judged.intent === "extract" ? opinion("transform", "none", "request", [0.8, "its SQL reshapes data of the run"]) : judged;
}

/** A filter narrows a list, unless its name says that it decides whether the run goes on. */
function judgeFilter(facts: StepFacts): Opinion {
  const named = judgeName(facts.name);
  const isGate =
    /^(?:if|is|has|are|does|did|was|should|can|check|continue|proceed|stop|gate|only continue|only if|only when|only proceed|ensure|verify|skip)\b/i.test(
      facts.name.trim(),
    ) ||
    (facts.name.trim().endsWith("?") && named?.intent !== "transform") ||
    GATES.test(`${facts.name} `);
  if (isGate && facts.name !== "")
    return opinion("conditional", "none", "lexicon", [0.6, "its name says that it decides whether to go on"]);
  return opinion("transform", "none", "structure", [0.75, "it narrows a list"]);
}
