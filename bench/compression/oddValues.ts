// Odd values planted into logs by seed: does a number that no other line shows in its place stay in the view?
import { readFile } from "node:fs/promises";
import path from "node:path";
import { row, type Row } from "../measure.ts";
import type { TokenCounter } from "../../lib/tokens/TokenCounter.ts";
import { bestLines, headTruncate } from "./baselines.ts";
import { percent } from "./payloads.ts";
import { SeededRandom } from "./random.ts";
import type { Compress } from "./subject.ts";

interface PlantedLog {
  readonly source: string;
  readonly content: string;
  readonly task?: string;
  readonly odd: readonly string[];
}

const LOG_TASK = "Check this log and report what is unusual.";
const OWN_LOGS = 30;
const OWN_LINES = 300;
const COPIES = 30;
const PLANTED_PER_LOG = 10;
const FREQUENT = 10;

/** Lines of services that do not exist. `#` is a number of the range that follows in `ranges`. */
const TEMPLATES: readonly { readonly text: string; readonly ranges: readonly (readonly [number, number])[] }[] = [
  {
    text: "INFO  gateway request served status=# bytes=# took #ms",
    ranges: [
      [200, 204],
      [400, 9_000],
      [3, 90],
    ],
  },
  {
    text: "INFO  cache lookup region=eu-# hit ratio #% size #",
    ranges: [
      [1, 3],
      [88, 97],
      [20_000, 24_000],
    ],
  },
  {
    text: "DEBUG scheduler tick # jobs ready, # running",
    ranges: [
      [0, 12],
      [1, 8],
    ],
  },
  {
    text: "INFO  mailer batch of # sent in #ms",
    ranges: [
      [10, 50],
      [120, 340],
    ],
  },
  {
    text: "INFO  replica lag #ms at position #",
    ranges: [
      [1, 40],
      [710_000, 719_000],
    ],
  },
  { text: "WARN  pool nearly full: # of 64 connections in use", ranges: [[58, 63]] },
  {
    text: "INFO  sensor t-# reads # C",
    ranges: [
      [1, 9],
      [18, 24],
    ],
  },
  { text: "INFO  disk sweep freed # MB on /var/data", ranges: [[12, 60]] },
];

export async function measureOddValues(
  folder: string | undefined,
  counter: TokenCounter,
  compress: Compress,
): Promise<{ readonly rows: readonly Row[]; readonly table: readonly string[] }> {
  const logs = [...generateLogs(OWN_LOGS, 5), ...(folder === undefined ? [] : await plantIntoLogs(folder, 6))];
  const kinds = new Map<string, { planted: number; kept: number; head: number; lines: number; in: number; out: number }>();
  for (const { source, content, task, odd } of logs) {
    const { view } = await compress({ content, ...(task === undefined ? {} : { task }) });
    const tokens = counter.count(view);
    const kind = kinds.get(source) ?? { planted: 0, kept: 0, head: 0, lines: 0, in: 0, out: 0 };
    kind.planted += odd.length;
    kind.kept += keptOf(view, odd);
    kind.head += keptOf(headTruncate(counter, content, tokens), odd);
    kind.lines += keptOf(bestLines(counter, content, task ?? LOG_TASK, tokens), odd);
    kind.in += counter.count(content);
    kind.out += tokens;
    kinds.set(source, kind);
  }
  const sum = (name: "planted" | "kept" | "lines"): number => [...kinds.values()].reduce((total, kind) => total + kind[name], 0);
  const planted = sum("planted");
  return {
    rows: [
      row("odd_values_kept", sum("kept") / Math.max(1, planted), "share", {
        goal: ">= 0.98",
        baseline: sum("lines") / Math.max(1, planted),
      }),
    ],
    table: [
      `odd values (${planted} planted in ${logs.length} logs)   kept     saving   head     bm25 lines`,
      ...[...kinds].map(
        ([source, kind]) =>
          `  ${source.padEnd(40)} ${percent(kind.kept / kind.planted)} ${percent(1 - kind.out / kind.in)} ${percent(kind.head / kind.planted)} ${percent(kind.lines / kind.planted)}`,
      ),
    ],
  };
}

function keptOf(view: string, odd: readonly string[]): number {
  // A unit may follow without a blank (`4821ms`), another digit may not.
  const numbers = new Set(view.match(/\d+/g));
  return odd.filter((value) => numbers.has(value)).length;
}

/** Half with a task, half without. */
export function generateLogs(count: number, seed: number): readonly PlantedLog[] {
  const random = new SeededRandom(seed);
  return Array.from({ length: count }, (_, index) => {
    const templates = random.sample(TEMPLATES, 5);
    const planted = new Set(random.sample([...Array(OWN_LINES).keys()], PLANTED_PER_LOG));
    const odd: string[] = [];
    let second = random.below(40_000);
    const lines = Array.from({ length: OWN_LINES }, (_, line) => {
      second += random.below(4);
      const template = random.pick(templates);
      const place = planted.has(line) ? random.below(template.ranges.length) : -1;
      let number = -1;
      const text = template.text.replace(/#/g, () => {
        number += 1;
        const [least, most] = template.ranges[number] ?? [0, 1];
        if (number !== place) return String(least + random.below(most - least + 1));
        const value = String(most * (20 + random.below(50)) + 1 + random.below(9) * 10);
        odd.push(value);
        return value;
      });
      return `2031-04-${String(1 + (index % 28)).padStart(2, "0")} ${clock(second)} ${text}`;
    });
    return {
      source: index % 2 === 0 ? "generated, no task" : "generated, task",
      content: lines.join("\n"),
      ...(index % 2 === 0 ? {} : { task: LOG_TASK }),
      odd,
    };
  });
}

function clock(second: number): string {
  return `${twoDigits(Math.floor(second / 3_600) % 24)}:${twoDigits(Math.floor(second / 60) % 60)}:${twoDigits(second % 60)}`;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, "0");
}

/** Copies of DIR's logs in which some numbers of frequent kinds of lines are far beyond all others in their place. */
async function plantIntoLogs(folder: string, seed: number): Promise<readonly PlantedLog[]> {
  const random = new SeededRandom(seed);
  const index = JSON.parse(await readFile(path.join(folder, "payloads/index.json"), "utf8")) as readonly {
    readonly file: string;
    readonly kind: string;
    readonly task: string;
  }[];
  const logs: PlantedLog[] = [];
  for (const { file, kind, task } of index) {
    if (kind !== "log") continue;
    const lines = (await readFile(path.join(folder, "payloads", file), "utf8")).split("\n");
    for (let copy = 0; copy < COPIES / 2; copy += 1) logs.push({ source: file, task, ...plant(lines, random) });
  }
  return logs;
}

const NUMBER = /(?<![\p{L}\p{N}.:/-])\d{1,9}(?![\p{L}\p{N}.:/-])/gu;
/** Date and time at the head of a line are no values. */
const HEAD_CHARS = 30;

function plant(lines: readonly string[], random: SeededRandom): Pick<PlantedLog, "content" | "odd"> {
  const places = new Map<string, { readonly line: number; readonly at: number; readonly value: number }[]>();
  for (const [line, text] of lines.entries()) {
    const mask = text.slice(HEAD_CHARS).replace(/\d+/g, "#");
    for (const [number, match] of [...text.matchAll(NUMBER)].entries()) {
      if (match.index < HEAD_CHARS) continue;
      const key = `${number} ${mask}`;
      places.set(key, [...(places.get(key) ?? []), { line, at: match.index, value: Number(match[0]) }]);
    }
  }
  const frequent = [...places.values()].filter((list) => list.length >= FREQUENT);
  const changed = [...lines];
  const odd: string[] = [];
  const used = new Set<number>();
  for (let tries = 0; odd.length < PLANTED_PER_LOG && tries < 200 && frequent.length > 0; tries += 1) {
    const list = random.pick(frequent);
    const { line, at } = random.pick(list);
    if (used.has(line)) continue;
    used.add(line);
    const most = Math.max(...list.map(({ value }) => value));
    const value = String((most + 7) * (20 + random.below(50)) + random.below(10));
    const text = changed[line] ?? "";
    changed[line] = text.slice(0, at) + value + text.slice(at).replace(/^\d+/, "");
    odd.push(value);
  }
  return { content: changed.join("\n"), odd };
}
