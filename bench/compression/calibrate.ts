// `node bench/compression/calibrate.ts`: makes views of questions made by program, fits Q on what survived, writes the table that ships.
import { writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { contentGroupOf, createFeatures, taskKindOf } from "../../lib/orchestration/compression/calibration.ts";
import type {
  CalibrationModel,
  CalibrationTable,
  ContentGroup,
  QualityFeatures,
  TaskKind,
} from "../../lib/orchestration/compression/calibrationModel.ts";
import { TokenCompressor } from "../../lib/orchestration/TokenCompressor.ts";
import { AnswerText } from "./answers.ts";
import { fitModel, type Sample } from "./fit.ts";
import { readCases } from "./questions/readCases.ts";
import type { Case } from "./questions/types.ts";
import { SeededRandom } from "./random.ts";

const COUNTS = { passages: 2_200, instructions: 1_500, untasked: 600 } as const;
const SIZES_PER_CASE = 6;
/** Fewer say too little: the model of all groups of this kind of task is taken. */
const MIN_SAMPLES = 1_500;
const TABLE = fileURLToPath(new URL("../../lib/orchestration/compression/calibrationTable.ts", import.meta.url));
const SEED = 2024;
/** Of the content; nobody asks a view of that size to hold more. */
const SMALLEST_SHARE: Readonly<Record<TaskKind, number>> = { question: 0.04, instruction: 0.1, none: 0.2 };
const KINDS: readonly TaskKind[] = ["question", "instruction", "none"];
const GROUPS: readonly ContentGroup[] = ["records", "lines", "text"];

interface Seen {
  readonly group: ContentGroup;
  readonly features: QualityFeatures;
}

type GroupedSample = Sample & { readonly kind: TaskKind; readonly group: ContentGroup };

async function collectSamples(compressor: TokenCompressor): Promise<readonly GroupedSample[]> {
  const random = new SeededRandom(SEED);
  const samples: GroupedSample[] = [];
  for (const [content, one] of (await readCases("fit", COUNTS, SEED)).entries()) {
    for (let size = 0; size < SIZES_PER_CASE; size += 1) {
      // Once all units of the reducer, then sizes even over the logarithm: small views are where questions die.
      const share = SMALLEST_SHARE[taskKindOf(one.task)] ** random.next();
      const tokens = size === 0 ? undefined : Math.max(8, Math.round((one.content.length / 4) * share));
      const { seen, view } = await viewOf(compressor, one, tokens);
      if (seen === undefined) continue;
      const text = new AnswerText(view);
      for (const answer of one.answers) samples.push({ ...seen, kind: taskKindOf(one.task), survived: text.holds(answer), content });
    }
  }
  return samples;
}

async function viewOf(
  compressor: TokenCompressor,
  { content, task }: Case,
  targetTokens: number | undefined,
): Promise<{ readonly view: string; readonly seen: Seen | undefined }> {
  let seen: Seen | undefined;
  const { view } = await compressor.compress(content, targetTokens, undefined, {
    ...(task === undefined ? {} : { task }),
    ...(targetTokens === undefined ? { level: 1, minQuality: 0 } : {}),
    onQuality: (inputs, isKept) => {
      const features = createFeatures(inputs)(isKept);
      if (features !== "all") seen = { features, group: contentGroupOf(inputs.type) };
    },
  });
  return { view, seen };
}

function fitTable(samples: readonly GroupedSample[]): CalibrationTable {
  const ofKind = (kind: TaskKind): Readonly<Record<ContentGroup, CalibrationModel>> => {
    const all = samples.filter((sample) => sample.kind === kind);
    const pooled = fitModel(all);
    const ofGroup = (group: ContentGroup): CalibrationModel => {
      const own = all.filter((sample) => sample.group === group);
      return own.length < MIN_SAMPLES ? pooled : fitModel(own);
    };
    return { records: ofGroup("records"), lines: ofGroup("lines"), text: ofGroup("text") };
  };
  return { question: ofKind("question"), instruction: ofKind("instruction"), none: ofKind("none") };
}

async function writeTable(table: CalibrationTable): Promise<void> {
  const text = `// Written by bench/compression/calibrate.ts: weights and tables of calibration.ts. Not for editing.
import type { CalibrationTable } from "./calibrationModel.ts";

export const CALIBRATION: CalibrationTable = ${JSON.stringify(table, null, 2).replaceAll(/"(\w+)":/g, "$1:")};
`;
  await writeFile(TABLE, text);
}

const table = fitTable(await collectSamples(await TokenCompressor.create()));
await writeTable(table);
for (const kind of KINDS) {
  for (const group of GROUPS) {
    const { bias, weights, steps, samples } = table[kind][group];
    process.stdout.write(`${kind}, ${group}: ${samples} questions, bias ${bias}, weights ${weights.join(" ")}\n`);
    process.stdout.write(`  ${steps.map(([score, probability]) => `${score}: ${probability}`).join("  ")}\n`);
  }
}
