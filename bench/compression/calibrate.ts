// `node bench/compression/calibrate.ts`: makes views of questions made by program, fits Q on what survived, writes the table that ships.
import { writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { contentGroupOf, createFeatures, calibrationKindOf } from "../../lib/orchestration/compression/calibration.ts";
import type {
  Calibration,
  CalibrationKind,
  CalibrationModel,
  ContentGroup,
  QualityFeatures,
  ReducedShares,
  Share,
} from "../../lib/orchestration/compression/calibrationModel.ts";
import type { PayloadType } from "../../lib/orchestration/compression/types.ts";
import { TokenCompressor } from "../../lib/orchestration/TokenCompressor.ts";
import { AnswerText } from "./answers.ts";
import { fitModel, wilsonLower, witnessesOf, type Sample } from "./fit.ts";
import { readCases } from "./questions/readCases.ts";
import type { Case } from "./questions/types.ts";
import { SeededRandom } from "./random.ts";

const COUNTS = { passages: 1_500, instructions: 1_800, untasked: 450 } as const;
const SIZES_PER_CASE = 4;
/** Fewer say too little: the model of all groups of this kind of task is taken. */
const MIN_REDUCED_SAMPLES = 60;
const MIN_SAMPLES = 1_500;
const TABLE = fileURLToPath(new URL("../../lib/orchestration/compression/calibrationTable.ts", import.meta.url));
const SEED = 2024;
/** Of the content; nobody asks a view of that size to hold more. */
const SMALLEST_SHARE: Readonly<Record<CalibrationKind, number>> = { question: 0.04, instruction: 0.1, listing: 0.15, none: 0.2 };
const KINDS: readonly CalibrationKind[] = ["question", "instruction", "listing", "none"];
const GROUPS: readonly ContentGroup[] = ["records", "lines", "prose", "document"];

interface ReducedSample {
  readonly kind: CalibrationKind;
  readonly type: PayloadType;
  readonly survived: boolean;
  readonly content: number;
}

type SelectedSample = Sample & { readonly kind: CalibrationKind; readonly group: ContentGroup };

interface Samples {
  readonly reduced: readonly ReducedSample[];
  readonly selected: readonly SelectedSample[];
}

async function collectSamples(compressor: TokenCompressor): Promise<Samples> {
  const random = new SeededRandom(SEED);
  const reduced: ReducedSample[] = [];
  const selected: SelectedSample[] = [];
  for (const [content, one] of (await readCases("fit", COUNTS, SEED)).entries()) {
    const kind = calibrationKindOf(one.task);
    const whole = await viewOf(compressor, one, undefined);
    const wholeText = new AnswerText(whole.view);
    if (whole.seen !== undefined && whole.seen.dropsAtoms)
      for (const answer of one.answers) reduced.push({ kind, type: whole.seen.type, survived: wholeText.holds(answer), content });
    for (let size = 0; size < SIZES_PER_CASE; size += 1) {
      // Even over the logarithm: small views are where questions die.
      const share = SMALLEST_SHARE[kind] ** random.next();
      const { seen, view } = await viewOf(compressor, one, Math.max(8, Math.round(whole.tokensOut * share)));
      if (seen === undefined || seen.features === "all") continue;
      const text = new AnswerText(view);
      for (const answer of one.answers) {
        // What the reduction lost is no fault of the selection.
        if (wholeText.holds(answer))
          selected.push({ kind, group: contentGroupOf(seen.type), features: seen.features, survived: text.holds(answer), content });
      }
    }
  }
  return { reduced, selected };
}

interface Seen {
  readonly type: PayloadType;
  readonly features: QualityFeatures | "all";
  readonly dropsAtoms: boolean;
}

/** Without a target all units of the reducer. */
async function viewOf(
  compressor: TokenCompressor,
  { content, task }: Case,
  targetTokens: number | undefined,
): Promise<{ readonly view: string; readonly tokensOut: number; readonly seen: Seen | undefined }> {
  let seen: Seen | undefined;
  const { view, tokensOut } = await compressor.compress(content, targetTokens, undefined, {
    ...(task === undefined ? {} : { task }),
    ...(targetTokens === undefined ? { level: 1, minQuality: 0 } : {}),
    onQuality: (inputs, isKept) => {
      seen = { type: inputs.type, features: createFeatures(inputs)(isKept), dropsAtoms: inputs.atomsReduced < inputs.atomsIn };
    },
  });
  return { view, tokensOut, seen };
}

function fitReduced(samples: readonly ReducedSample[], kind: CalibrationKind): ReducedShares {
  const ofKind = samples.filter((sample) => sample.kind === kind);
  const types = [...new Set(ofKind.map(({ type }) => type))].sort();
  const known = types.map((type) => [type, shareOf(ofKind.filter((sample) => sample.type === type))] as const);
  return { ...Object.fromEntries(known.filter(([, [, , count]]) => count >= MIN_REDUCED_SAMPLES)), other: shareOf(ofKind) };
}

function shareOf(samples: readonly ReducedSample[]): Share {
  const survived = samples.filter((sample) => sample.survived).length / Math.max(1, samples.length);
  return [Number(survived.toFixed(4)), Number(wilsonLower(survived, witnessesOf(samples)).toFixed(4)), samples.length];
}

function fitSelected(samples: readonly SelectedSample[], kind: CalibrationKind): Readonly<Record<ContentGroup, CalibrationModel>> {
  const all = samples.filter((sample) => sample.kind === kind);
  const pooled = fitModel(all);
  const ofGroup = (group: ContentGroup): CalibrationModel => {
    const own = all.filter((sample) => sample.group === group);
    return own.length < MIN_SAMPLES ? pooled : fitModel(own);
  };
  return { records: ofGroup("records"), lines: ofGroup("lines"), prose: ofGroup("prose"), document: ofGroup("document") };
}

async function writeTable(table: Calibration): Promise<void> {
  const text = `// Written by bench/compression/calibrate.ts: shares, weights and tables of calibration.ts. Not for editing.
// oxlint-disable max-lines -- generated: a line a step
import type { Calibration } from "./calibrationModel.ts";

export const CALIBRATION: Calibration = ${JSON.stringify(table, null, 2).replaceAll(/"(\w+)":/g, "$1:")};
`;
  await writeFile(TABLE, text);
}

function describe({ reduced, selected }: Calibration): string {
  const lines: string[] = [];
  for (const kind of KINDS) {
    for (const [type, [probability, lower, count]] of Object.entries(reduced[kind]))
      lines.push(`${kind}, reduced ${type}: ${probability} at least ${lower}, ${count} questions`);
    for (const group of GROUPS) {
      const { bias, weights, steps, samples } = selected[kind][group];
      lines.push(`${kind}, selected ${group}: ${samples} questions, bias ${bias}, weights ${weights.join(" ")}`);
      lines.push(`  ${steps.map(([score, probability, lower]) => `${score}: ${probability} (${lower})`).join("  ")}`);
    }
  }
  return lines.join("\n");
}

const { reduced, selected } = await collectSamples(await TokenCompressor.create());
const ofKinds = <Value>(fit: (kind: CalibrationKind) => Value): Record<CalibrationKind, Value> => ({
  question: fit("question"),
  instruction: fit("instruction"),
  listing: fit("listing"),
  none: fit("none"),
});
const table: Calibration = {
  reduced: ofKinds((kind) => fitReduced(reduced, kind)),
  selected: ofKinds((kind) => fitSelected(selected, kind)),
};
await writeTable(table);
process.stdout.write(`${describe(table)}\n`);
