// The lower bound of a Beta distribution: how sure one may be of a success rate after so many tries. Numbers only.

/** Terms of the continued fraction; a dozen are enough away from the mode, and the shapes here are small. */
const MOST_TERMS = 200;
const PRECISION = 1e-12;
const TINY = 1e-300;
/** Halvings of the interval: far below any figure that is shown. */
const HALVINGS = 40;

/**
 * The value that a Beta(a, b) variable falls below with probability `tail`.
 *
 * @param a successes and the prior's share of them, above 0
 * @param b failures and the prior's share of them, above 0
 * @param tail 0–1. @defaultValue 0.1, the one-sided 90 % bound
 * @returns 0–1
 */
export function betaLowerBound(a: number, b: number, tail = 0.1): number {
  let [low, high] = [0, 1];
  for (let round = 0; round < HALVINGS; round += 1) {
    const middle = (low + high) / 2;
    if (betaBelow(middle, a, b) < tail) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** P(X < x) for X ~ Beta(a, b): the regularised incomplete beta function (Abramowitz and Stegun 26.5.8, by Lentz's method). */
export function betaBelow(x: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  const front = Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log(1 - x));
  // The fraction converges fast on one side of the mode only; the other side is its mirror.
  return x < (a + 1) / (a + b + 2) ? (front * fraction(x, a, b)) / a : 1 - (front * fraction(1 - x, b, a)) / b;
}

function fraction(x: number, a: number, b: number): number {
  let numerator = 1;
  let denominator = 1 / away(1 - ((a + b) * x) / (a + 1));
  let value = denominator;
  for (let term = 1; term <= MOST_TERMS; term += 1) {
    const twice = 2 * term;
    const even = (term * (b - term) * x) / ((a + twice - 1) * (a + twice));
    denominator = 1 / away(1 + even * denominator);
    numerator = away(1 + even / numerator);
    value *= denominator * numerator;
    const odd = (-(a + term) * (a + b + term) * x) / ((a + twice) * (a + twice + 1));
    denominator = 1 / away(1 + odd * denominator);
    numerator = away(1 + odd / numerator);
    const change = denominator * numerator;
    value *= change;
    if (Math.abs(change - 1) < PRECISION) break;
  }
  return value;
}

function away(value: number): number {
  return Math.abs(value) < TINY ? TINY : value;
}

/** Stirling's series, shifted to where it is exact to the last digits. */
function logGamma(value: number): number {
  let [shifted, product] = [value, 1];
  while (shifted < 10) {
    product *= shifted;
    shifted += 1;
  }
  const square = shifted * shifted;
  const series = 1 / (12 * shifted) - 1 / (360 * shifted * square) + 1 / (1260 * shifted * square * square);
  return (shifted - 0.5) * Math.log(shifted) - shifted + 0.5 * Math.log(2 * Math.PI) + series - Math.log(product);
}
