// Stored JSON as memory may read it: secrets hidden by the names of their keys and by their look, a cut beginning closed again. It shortens nothing.
import { encodeJson, type JsonValue } from "../core/json.ts";
import { maskSecrets } from "../core/redaction.ts";

/** @param text JSON, or the beginning of some. @returns JSON; empty where there is nothing to read */
export function maskedJson(text: string): string {
  const value = parsed(text) ?? closed(text);
  return value === undefined ? "" : encodeJson(maskSecrets(value));
}

function parsed(text: string): JsonValue | undefined {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    return undefined;
  }
}

interface Cut {
  /** Where a text that was cut ends, without half an escape; null: no text was cut. */
  readonly textEnd: number | null;
  /** What is still open, as it is closed, outermost first. */
  readonly open: readonly string[];
  /** Before the last comma outside of texts, or after the last bracket that opened. */
  readonly boundary: number;
}

const ESCAPE = /\\(?:u[0-9a-fA-F]{4}|[^u])/y;

function scan(text: string): Cut {
  let isInText = false;
  let [boundary, textEnd] = [0, text.length];
  const open: string[] = [];
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at];
    if (isInText && character === "\\") {
      ESCAPE.lastIndex = at;
      if (!ESCAPE.test(text)) {
        textEnd = at;
        break;
      }
      at = ESCAPE.lastIndex - 1;
    } else if (character === '"') isInText = !isInText;
    else if (isInText) continue;
    else if (character === "{" || character === "[") {
      open.push(character === "{" ? "}" : "]");
      boundary = at + 1;
    } else if (character === "}" || character === "]") open.pop();
    else if (character === ",") boundary = at;
  }
  return { textEnd: isInText ? textEnd : null, open, boundary };
}

/** A text that was cut is kept as far as it goes; a cut figure or name is not: it would be another one. */
function closed(text: string): JsonValue | undefined {
  const { textEnd, open, boundary } = scan(text);
  const asText = textEnd === null ? undefined : parsed(`${text.slice(0, textEnd)}"${open.toReversed().join("")}`);
  if (asText !== undefined) return asText;
  const whole = text.slice(0, boundary);
  return parsed(whole + scan(whole).open.toReversed().join(""));
}
