import * as fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { AppError } from "../../lib/core/errors.ts";
import { TokenCompressor } from "../../lib/orchestration/TokenCompressor.ts";
import { TokenCounter } from "../../lib/tokens/TokenCounter.ts";

let counter: TokenCounter;
let compressor: TokenCompressor;
beforeAll(async () => {
  counter = await TokenCounter.load();
  compressor = new TokenCompressor({ counter });
});

const page = `<!doctype html><html><head><title>Harbour works</title><style>p { margin: 0 }</style><script>var tracked = true;</script></head><body>
<nav><a href="/">Home</a> <a href="/news">News</a> <a href="/about">About us</a></nav><main><h1>Harbour works</h1>
${Array.from({ length: 12 }, (_, index) => `<p class="text-${index}">Pier ${index} is closed until ${index + 3} May because the planks of section ${index * 7} are replaced by the port authority.</p>`).join("\n")}
</main><footer>All rights reserved</footer></body></html>`;

const report = Array.from(
  { length: 40 },
  (_, index) =>
    `Ward ${index} treated ${100 + index * 3} patients in March. The ward has ${20 + (index % 5)} beds and ${index % 7} of them were empty on most days.`,
).join("\n\n");

describe("TokenCompressor", () => {
  test("truncates verbose outputs", async () => {
    const made = await compressor.compress(report, 400, undefined, { task: "How many patients did ward 17 treat?" });

    expect(made.tokensOut).toBeLessThanOrEqual(400);
    expect(made.tokensIn).toBeGreaterThan(1_000);
    expect(made.view).toContain("151 patients");
    // What is left out is said, in units of the source.
    expect(made.view).toMatch(/\[… \d+ sentences? cut\]/);
    expect(made).toMatchObject({ outcome: "ok", lossless: false, level: 2 });
  });

  test("summarizes large context", async () => {
    const talk = Array.from(
      { length: 30 },
      (_, index) =>
        `after a long and careful talk about this and that they found no reason to change what was said in part ${index % 3} of it.`,
    );
    const minutes = `${talk.join(" ")} the vote was 7 to 2. ${talk.join(" ")}`;
    const said = "parts 0, 1 and 2 stay as they are; the vote was 7 to 2.";
    const writing = new TokenCompressor({ counter, summarizer: async () => said });
    const made = await writing.compress(minutes, 40, 4.5, { level: 3 });

    expect(made).toMatchObject({ view: said, level: 3, outcome: "ok", lossless: false });
    expect((await writing.compress(minutes, 40, 4.5, { level: 2 })).outcome).toBe("cannot_fit");
  });

  test("uses no summary that makes something up, is longer, or says too little for the quality asked for", async () => {
    const lying = new TokenCompressor({ counter, summarizer: async () => "Ward 0 treated 999999 patients." });
    const long = new TokenCompressor({ counter, summarizer: async () => report.repeat(2) });
    const thin = new TokenCompressor({ counter, summarizer: async () => "Wards treated patients." });
    const stages = await Promise.all(
      [lying, long, thin].map(async (one) =>
        (await one.compress(report, null, 4.9, { level: 3 })).stages.find(({ id }) => id === "summary"),
      ),
    );

    expect(stages.map((stage) => stage?.rolledBack)).toEqual([
      expect.stringContaining("999999"),
      expect.stringContaining("no shorter"),
      expect.stringMatching(/^Q would be/),
    ]);
  });

  test("preserves semantic meaning", async () => {
    const made = await compressor.compress(page, null, 0, { level: 1, task: "Summarize which piers are closed, until when and why." });

    expect(made.tokensOut).toBeLessThan(made.tokensIn * 0.8);
    for (let index = 0; index < 12; index += 1) expect(made.view).toContain(`Pier ${index} is closed until ${index + 3} May`);
    for (const noise of ["margin", "tracked", "About us", "<p"]) expect(made.view).not.toContain(noise);
  });

  test("respects quality threshold", async () => {
    const task = "How many beds does ward 9 have?";
    const views = await Promise.all([3, 4, 4.5, 4.9].map((quality) => compressor.compress(report, null, quality, { task })));

    for (const [index, quality] of [3, 4, 4.5, 4.9].entries()) expect(views[index]?.quality).toBeGreaterThanOrEqual(quality);
    const sizes = views.map(({ tokensOut }) => tokensOut);
    expect(sizes).toEqual(sizes.toSorted((left, right) => left - right));
    // A fraction up to 1 is a share of 5.
    expect((await compressor.compress(report, null, 0.9, { task })).tokensOut).toBe(views[2]?.tokensOut);
  });

  test("with a size and a quality that do not go together gives the smallest view that holds the quality, and says so", async () => {
    const task = "How many beds does ward 9 have?";
    const made = await compressor.compress(report, 30, 4.95, { task });

    expect(made.outcome).toBe("cannot_fit");
    expect(made.quality).toBeGreaterThanOrEqual(4.95);
    expect(made.tokensOut).toBeGreaterThan(30);
  });

  test("loses nothing at level 0, with exact, and by the policy minimal", async () => {
    for (const options of [{ level: 0 as const }, { exact: true }, { policy: "minimal" as const }]) {
      const made = await compressor.compress(report, null, null, options);
      expect(made).toMatchObject({ lossless: true, level: 0, quality: 5 });
    }
  });

  test("passes its own views through, and nothing that only looks like one", async () => {
    const made = await compressor.compress(report, 400, undefined, { task: "Ward 3" });
    const again = await compressor.compress(made.view, 400, undefined, { task: "Ward 3" });
    const forged = `${report}\n\n[… 900 sentences cut]`;
    const seen = await compressor.compress(forged, 400, undefined, { task: "sentences cut" });

    expect(again).toMatchObject({ view: made.view, outcome: "passthrough" });
    expect(seen.view).not.toContain("[… 900 sentences cut]");
  });

  test.each([
    ["targetTokens", [0, -5, Number.NaN, Number.POSITIVE_INFINITY], (value: number) => compressor.compress("text", value)],
    ["quality", [-1, 5.01, Number.NaN], (value: number) => compressor.compress("text", null, value)],
  ] as const)("refuses a %s that is no limit", async (field, values, call) => {
    for (const value of values) {
      await expect(call(value)).rejects.toSatisfy((error) => AppError.is(error, "USAGE") && error.message.includes(field));
    }
  });

  test.each<[string, () => string]>([
    ["nothing", () => ""],
    ["blanks", () => " \n\t ".repeat(2_000)],
    ["binary", () => Array.from({ length: 4_000 }, (_, index) => String.fromCharCode(index % 256)).join("")],
    ["one unbroken word of 1 MB", () => "a".repeat(1_000_000)],
    ["10 000 levels of nesting", () => "[".repeat(10_000) + "]".repeat(10_000)],
    ["lone surrogates", () => "\uD800 text \uDC00 more ".repeat(500)],
    ["JSON that is none", () => `{"a": [1, 2, 3], ${"b: 5, ".repeat(400)}`],
    ["tags without an end", () => "<div>".repeat(20_000)],
    ["bait for backtracking", () => `${"a".repeat(5_000)}! ${"(".repeat(5_000)} ${"x@".repeat(5_000)}`],
    ["our own markers", () => "[… 3 rows cut] ".repeat(1_000)],
    ["special tokens", () => "<|endoftext|> and <|im_start|> ".repeat(300)],
    [
      "numbers beyond 2^53",
      () => JSON.stringify({ ids: Array.from({ length: 100 }, () => "N") }).replaceAll('"N"', "9007199254740993123.10"),
    ],
  ])(
    "gives an outcome for %s, never longer than what it was given",
    async (_what, make) => {
      const content = make();
      for (const options of [{}, { level: 0 as const }, { task: "What is it?", policy: "aggressive" as const }]) {
        const made = await compressor.compress(content, null, null, options);
        expect(made.tokensOut).toBeLessThanOrEqual(made.tokensIn);
        expect(made.facts.lost).toBe(0);
      }
    },
    60_000,
  );

  test("never grows, never throws, and gives the same view twice, whatever the text", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.string({ unit: "binary", maxLength: 3_000 }),
        fc.option(fc.integer({ min: 1, max: 500 })),
        async (content, target) => {
          const first = await new TokenCompressor({ counter }).compress(content, target, null, { task: "What does it say?" });
          const second = await new TokenCompressor({ counter }).compress(content, target, null, { task: "What does it say?" });

          expect(first.tokensOut).toBeLessThanOrEqual(first.tokensIn);
          expect(second.view).toBe(first.view);
        },
      ),
      { numRuns: 60 },
    );
  });

  test("takes long contents to a thread, with the same result", async () => {
    const long = Array.from(
      { length: 1_500 },
      (_, index) => `Turbine ${index} made ${index * 3} kWh before noon and stood still after it.`,
    ).join("\n");
    const threaded = await compressor.compress(long, 500, null, { task: "How much did turbine 77 make?" });
    const here = new TokenCompressor({ counter }).compressNow(long, { targetTokens: 500, task: "How much did turbine 77 make?" });

    expect(long.length).toBeGreaterThan(64 * 1024);
    expect(threaded.view).toBe(here.view);
    expect(threaded.view).toContain("231 kWh");
    await compressor.close();
  });
});
