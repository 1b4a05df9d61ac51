// Calls near the edge of a window, counted by an estimator that is wrong by up to 15 % either way: what is let through must fit.
import { commit } from "../../lib/orchestration/budgets/commitment.ts";
import { fitsWindow, windowUpper } from "../../lib/orchestration/budgets/contextGuard.ts";
import type { SeededRandom } from "../../lib/orchestration/budgets/SeededRandom.ts";
import { Calibration } from "../../lib/tokens/calibration.ts";

export interface LyingResult {
  /** Calls that were let through and did not fit. */
  readonly overflows: number;
  /** Calls whose usage passed what was reserved. */
  readonly overruns: number;
  readonly calls: number;
  /** Without a band: the count and the answer fit the window. */
  readonly overflowsByCount: number;
  /** Share of calls that would have fitted and were let through. */
  readonly letThrough: number;
}

const LIE = 0.15;
const WINDOWS: readonly number[] = [8_192, 32_768, 128_000, 1_000_000];
const PROVIDER = "custom";
const MODEL = "unheard-of";

export function playLyingEstimator(random: SeededRandom, wanted: number): LyingResult {
  const calibration = new Calibration();
  let [calls, overflows, overruns, overflowsByCount, couldFit] = [0, 0, 0, 0, 0];
  for (let attempt = 0; calls < wanted; attempt += 1) {
    const window = WINDOWS[attempt % WINDOWS.length] ?? 8_192;
    const truth = Math.max(Math.floor(window * (0.3 + 0.72 * random.next())), 1);
    const outputCap = 64 + Math.floor(random.next() * window * 0.1);
    const counted = truth * (1 - LIE + 2 * LIE * random.next());
    const { factor, upper } = calibration.getFactor(PROVIDER, MODEL, "prose");
    const count = { tokens: Math.ceil(counted * factor), upperTokens: Math.ceil(counted * upper) };
    const inputUpperTokens = windowUpper(count, false);
    const commitment = commit({
      inputTokens: count.tokens,
      inputUpperTokens,
      history: [],
      intent: null,
      maxOutputTokens: outputCap,
      hasThinking: false,
    });
    // The answer is as long as it may be: the provider stops at the cap.
    const used = truth + commitment.outputCap;
    if (count.tokens + commitment.outputCap <= window) overflowsByCount += Number(used > window);
    couldFit += Number(used <= window);
    if (!fitsWindow(inputUpperTokens, commitment.outputCap, 0, window).fits) continue;
    calls += 1;
    overflows += Number(used > window);
    overruns += Number(used > commitment.hardCap);
    calibration.observe({ provider: PROVIDER, model: MODEL, contentType: "prose" }, truth / counted);
  }
  return { overflows, overruns, calls, overflowsByCount, letThrough: calls / couldFit };
}
