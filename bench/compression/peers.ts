// DIR/peers/headroom: the inputs that another compressor recorded, its outputs beside ours: size, and how many of the numbers and ids one can still see.
import { readFile, readdir } from "node:fs/promises";
import path from "node:path";
import { row, type Row } from "../measure.ts";
import type { TokenCounter } from "../../lib/tokens/TokenCounter.ts";
import { AnswerText } from "./answers.ts";
import { percent } from "./payloads.ts";
import type { Compress } from "./subject.ts";

interface Fixture {
  readonly transform: string;
  readonly content: string;
  readonly task?: string;
  readonly theirs: string;
}

interface Tally {
  in: number;
  ours: number;
  theirs: number;
  values: number;
  oursVisible: number;
  theirsVisible: number;
  /** Ours, asked for the size of theirs. */
  atTheirSize: number;
}

const FOLDER = "peers/headroom";

export async function measurePeers(
  folder: string,
  counter: TokenCounter,
  compress: Compress,
): Promise<{ readonly rows: readonly Row[]; readonly table: readonly string[] }> {
  const total = emptyTally();
  const tallies = new Map<string, Tally>();
  for (const { transform, content, task, theirs } of await readFixtures(folder)) {
    const request = { content, ...(task === undefined ? {} : { task }) };
    const theirTokens = counter.count(theirs);
    const { view } = await compress(request);
    const sameSize = theirTokens === 0 ? view : (await compress({ ...request, targetTokens: theirTokens })).view;
    const values = valuesOf(content);
    const tally = tallies.get(transform) ?? emptyTally();
    tallies.set(transform, tally);
    for (const one of [tally, total]) {
      one.in += counter.count(content);
      one.ours += counter.count(view);
      one.theirs += theirTokens;
      one.values += values.length;
      one.oursVisible += visible(view, values);
      one.theirsVisible += visible(theirs, values);
      one.atTheirSize += visible(sameSize, values);
    }
  }
  const [saved, theirSaved] = [1 - share(total.ours, total.in), 1 - share(total.theirs, total.in)];
  const [seen, theirSeen] = [share(total.oursVisible, total.values), share(total.theirsVisible, total.values)];
  return {
    rows: [
      row("peer_saving", saved, "share", { goal: `>= ${theirSaved.toPrecision(4)}`, baseline: theirSaved }),
      row("peer_visible", seen, "share", { goal: `>= ${theirSeen.toPrecision(4)}`, baseline: theirSeen }),
    ],
    table: [
      "peer headroom          our saving  visible   its saving  visible   ours at its size: visible",
      ...[...tallies, ["all", total] as const].map(
        ([name, one]) =>
          `  ${name.padEnd(22)} ${percent(1 - share(one.ours, one.in))}  ${percent(share(one.oursVisible, one.values))}   ${percent(1 - share(one.theirs, one.in))}  ${percent(share(one.theirsVisible, one.values))}   ${percent(share(one.atTheirSize, one.values))}`,
      ),
      ...(await golden(folder, counter, compress)),
    ],
  };
}

function share(part: number, whole: number): number {
  return part / Math.max(1, whole);
}

function emptyTally(): Tally {
  return { in: 0, ours: 0, theirs: 0, values: 0, oursVisible: 0, theirsVisible: 0, atTheirSize: 0 };
}

/** Identical inputs were recorded more than once: each counts once. */
async function readFixtures(folder: string): Promise<readonly Fixture[]> {
  const root = path.join(folder, FOLDER, "parity/fixtures");
  const fixtures = new Map<string, Fixture>();
  for (const transform of (await readdir(root)).sort()) {
    for (const file of (await readdir(path.join(root, transform))).sort()) {
      const { input, output } = JSON.parse(await readFile(path.join(root, transform, file), "utf8")) as {
        readonly input: string | { readonly content: string; readonly query?: string | null; readonly context?: string | null };
        readonly output: { readonly compressed: string };
      };
      const { content, query, context } = typeof input === "string" ? { content: input } : input;
      const task = query || context;
      fixtures.set(`${transform} ${content} ${output.compressed}`, {
        transform,
        content,
        theirs: output.compressed,
        ...(task ? { task } : {}),
      });
    }
  }
  return [...fixtures.values()];
}

/** Distinct numbers, and identifiers that hold a digit. */
function valuesOf(content: string): readonly string[] {
  return [...new Set(content.match(/[A-Za-z0-9_]*\d[A-Za-z0-9_]*(?:\.\d+)?/g) ?? [])];
}

function visible(view: string, values: readonly string[]): number {
  const text = new AnswerText(view);
  return values.filter((value) => text.holdsPart(value)).length;
}

/** Its golden cases: a question, evidence that must be seen, and the recall that it records for itself. */
async function golden(folder: string, counter: TokenCounter, compress: Compress): Promise<readonly string[]> {
  const read = async (file: string): Promise<unknown> =>
    JSON.parse(await readFile(path.join(folder, FOLDER, "fixtures/fidelity_golden", file), "utf8"));
  const cases = (await read("cases.json")) as readonly {
    readonly question: string;
    readonly answer_evidence: readonly string[];
    readonly supporting_facts: readonly string[];
    readonly content: unknown;
  }[];
  const { aggregate_recall: theirs } = (await read("baseline.json")) as { readonly aggregate_recall: number };
  let [recall, saving] = [0, 0];
  for (const { question, answer_evidence, supporting_facts, content } of cases) {
    const text = typeof content === "string" ? content : JSON.stringify(content);
    const { view } = await compress({ content: text, task: question });
    const facts = [...answer_evidence, ...supporting_facts];
    recall += visible(view, facts) / Math.max(1, facts.length) / cases.length;
    saving += (1 - counter.count(view) / counter.count(text)) / cases.length;
  }
  return [
    `  golden cases (${cases.length}): recall ours ${percent(recall)} at saving ${percent(saving)}, its own record ${percent(theirs)}`,
  ];
}
