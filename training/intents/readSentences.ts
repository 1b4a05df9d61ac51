// Reads the labelled sentences beside it, with a hash that says which sentences made which weights.
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import type { Sentence } from "./trainNgrams.ts";

export interface SentenceFiles {
  readonly sentences: readonly Sentence[];
  /** Of all files in order of name. */
  readonly sha256: string;
  readonly languages: readonly string[];
}

export function readSentences(): SentenceFiles {
  const folder = new URL("./", import.meta.url);
  const files = readdirSync(folder)
    .filter((name) => /^sentences\.\w+\.jsonl$/.test(name))
    .sort();
  const hash = createHash("sha256");
  const sentences: Sentence[] = [];
  for (const file of files) {
    const text = readFileSync(new URL(file, folder), "utf8");
    hash.update(text);
    for (const line of text.split("\n")) if (line !== "") sentences.push(JSON.parse(line) as Sentence);
  }
  return { sentences, sha256: hash.digest("hex"), languages: files.map((name) => name.split(".")[1] ?? "") };
}
