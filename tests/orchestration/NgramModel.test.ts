import { describe, expect, test } from "vitest";
import { readFileSync } from "node:fs";
import { guess } from "../../lib/orchestration/intents/NgramModel.ts";
import { NGRAM_SENTENCES_SHA256, NGRAM_WEIGHTS } from "../../lib/orchestration/intents/ngramWeights.ts";
import { INTENT_ORDER } from "../../lib/orchestration/intents/scores.ts";
import { readSentences } from "../../training/intents/readSentences.ts";
import { scoreHeldOut } from "../../training/intents/scoreHeldOut.ts";
import { trainNgrams } from "../../training/intents/trainNgrams.ts";
import { TRAINING_SEED, weightsFile } from "../../training/intents/weightsFile.ts";

const { sentences, sha256, languages } = readSentences();

describe("the sentences", () => {
  test("are at least 1 500, all different, of all seven intents in seven languages", () => {
    expect(sentences.length).toBeGreaterThanOrEqual(1_500);
    expect(new Set(sentences.map(({ text }) => text)).size).toBe(sentences.length);
    expect(new Set(sentences.map(({ intent }) => intent))).toEqual(new Set(INTENT_ORDER));
    expect(languages).toEqual(["de", "en", "es", "fr", "it", "pt", "zh"]);
  });

  test("carry effects that fit their intents", () => {
    for (const { intent, effect } of sentences) {
      expect(intent === "send").toBe(effect === "write" || effect === "destructive");
    }
  });
});

describe("the weights", () => {
  test("are what training gives today, to the byte", () => {
    const file = readFileSync(new URL("../../lib/orchestration/intents/ngramWeights.ts", import.meta.url), "utf8");

    expect(NGRAM_SENTENCES_SHA256).toBe(sha256);
    // The formatter may break lines; the values must agree.
    const squeezed = (text: string): string => text.replace(/\s+/g, "");
    expect(squeezed(file)).toBe(squeezed(weightsFile(trainNgrams(sentences, TRAINING_SEED), sha256)));
  });

  test("stay small", () => {
    expect(NGRAM_WEIGHTS.length).toBeLessThan(300_000);
  });

  test("know more than half of sentences they never saw", () => {
    const { sentences: held, intent, effect } = scoreHeldOut(sentences, TRAINING_SEED);

    expect(held).toBeGreaterThan(100);
    expect(intent).toBeGreaterThan(0.6);
    expect(effect).toBeGreaterThan(0.65);
  });
});

describe("a guess", () => {
  test("of a text without words is no more than the prior of nothing", () => {
    expect(guess("").probability).toBeCloseTo(1 / INTENT_ORDER.length);
  });

  test("knows danger", () => {
    expect(guess("Delete the old records for good").danger).toBeGreaterThan(0.5);
    expect(guess("List all records of the table").danger).toBeLessThan(0.3);
  });
});
