// The names under which values stand in a JSON document, each once. It looks at no value.
import { textOf, type JsonNode } from "../../lossless/parseJson.ts";

const MOST_NAMES = 3_000;

/** Keys of leaves and lists, anywhere in the document, at most 3 000. */
export function fieldNames(node: JsonNode): Set<string> {
  const names = new Set<string>();
  const walk = (value: JsonNode): void => {
    if (value.kind === "leaf" || names.size >= MOST_NAMES) return;
    if (value.kind === "array") {
      for (const item of value.items) walk(item);
      return;
    }
    for (const member of value.members) {
      if (member.value.kind !== "object") names.add(textOf(member.key));
      walk(member.value);
    }
  };
  walk(node);
  return names;
}
