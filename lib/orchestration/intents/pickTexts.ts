// Picks the texts a step is judged by out of its fields, in one pass over the fields it has.
import type { LooseRecord } from "./looseValues.ts";

type Group = "prompt" | "code" | "command" | "query" | "url" | "method";

/** Names other workflow languages and ours give these texts, the most telling first. */
const NAMES: Readonly<Record<Group, string>> = {
  prompt: "prompt instruction instructions text systemMessage systemPrompt system_prompt systemMessagePrompt",
  code: "jsCode functionCode pythonCode code script javascriptFunction",
  command: "run command cmd",
  query: "query sql sqlQuery rawQuery statement",
  url: "url endpoint uri requestUrl",
  method: "method requestMethod httpMethod",
};
const FIELDS_LIMIT = 200;

interface Field {
  readonly group: Group;
  readonly rank: number;
}

const FIELDS: ReadonlyMap<string, Field> = new Map(
  (Object.keys(NAMES) as Group[]).flatMap((group) => NAMES[group].split(" ").map((name, rank): [string, Field] => [name, { group, rank }])),
);

export type PickedTexts = Record<Group, string>;

/** Earlier places win over later ones, better names over both. */
export function pickTexts(...places: readonly LooseRecord[]): PickedTexts {
  const texts: PickedTexts = { prompt: "", code: "", command: "", query: "", url: "", method: "" };
  const ranks: Record<Group, number> = { prompt: 99, code: 99, command: 99, query: 99, url: 99, method: 99 };
  for (const place of places) {
    let seen = 0;
    for (const name in place) {
      if ((seen += 1) > FIELDS_LIMIT) break;
      const field = FIELDS.get(name);
      if (field === undefined || field.rank >= ranks[field.group]) continue;
      const value = place[name];
      if (typeof value !== "string" || value === "") continue;
      texts[field.group] = value;
      ranks[field.group] = field.rank;
    }
  }
  return texts;
}
