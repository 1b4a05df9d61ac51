// `node training/intents/train.ts`: trains the n-gram model from the sentences beside it and writes its weights into lib. Prints the held-out score.
import { writeFileSync } from "node:fs";
import { readSentences } from "./readSentences.ts";
import { scoreHeldOut } from "./scoreHeldOut.ts";
import { trainNgrams } from "./trainNgrams.ts";
import { TRAINING_SEED, weightsFile } from "./weightsFile.ts";

const { sentences, sha256, languages } = readSentences();
const heldOut = scoreHeldOut(sentences, TRAINING_SEED);
const file = weightsFile(trainNgrams(sentences, TRAINING_SEED), sha256);
writeFileSync(new URL("../../lib/orchestration/intents/ngramWeights.ts", import.meta.url), file);
process.stdout.write(
  `${sentences.length} sentences in ${languages.join(", ")}; held out ${heldOut.sentences}: intent ${heldOut.intent.toFixed(3)}, effect ${heldOut.effect.toFixed(3)}; ${file.length} bytes\n`,
);
