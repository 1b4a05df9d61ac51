// Judges a GraphQL document: mutations write, queries read.
import { judgeName } from "./judgeName.ts";
import { opinion } from "./effects.ts";
import type { Opinion } from "./types.ts";

const OPERATION = /(?:^|[\s;}"])(mutation|subscription|query)\b/;
const MUTATION_NAME = /\bmutation\b\s*(\w*)/;

export function judgeGraphql(document: string): Opinion {
  if (!isMutation(document)) return opinion("extract", "read", "request", [0.95, "its GraphQL query only reads"]);
  const name = MUTATION_NAME.exec(document)?.[1] ?? "";
  const isDestructive = judgeName(name)?.effect === "destructive" || /delete|remove|cancel|refund/i.test(name);
  return opinion("send", isDestructive ? "destructive" : "write", "request", [0.95, "its GraphQL mutation changes data"]);
}

function isMutation(document: string): boolean {
  const found = OPERATION.exec(document);
  return found?.[1] === "mutation" || /(?:^|\n|\})\s*mutation\b/.test(document);
}
