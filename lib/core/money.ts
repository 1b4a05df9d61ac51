// Money in whole nano-dollars (1e-9 USD): sums are exact, and NUMERIC(20, 9) holds them without rounding.

/** Whole nano-USD. */
export type NanoUsd = bigint;

const NANO_PER_USD = 1_000_000_000n;

/** Parses a database NUMERIC or a person's figure such as `0.05`; more than nine decimals are rounded up, so that a worst case stays one. */
export function parseUsd(text: string): NanoUsd {
  const match = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text.trim());
  if (match === null) throw new RangeError(`not an amount in USD: ${text}`);
  const [, sign, whole = "0", fraction = ""] = match;
  const kept = BigInt(fraction.slice(0, 9).padEnd(9, "0"));
  const roundUp = /[1-9]/.test(fraction.slice(9)) ? 1n : 0n;
  const nano = BigInt(whole) * NANO_PER_USD + kept + roundUp;
  return sign === "-" ? -nano : nano;
}

/** From a computed float such as tokens × price, rounded up to the next nano-dollar (a hair below is taken as equal). */
export function usdToNano(usd: number): NanoUsd {
  return BigInt(Math.ceil(usd * 1e9 - 1e-6));
}

/** For output only; never for sums. */
export function nanoToUsd(nano: NanoUsd): number {
  return Number(nano) / 1e9;
}

/** The text that NUMERIC columns take. */
export function nanoToNumeric(nano: NanoUsd): string {
  const negative = nano < 0n;
  const digits = (negative ? -nano : nano).toString().padStart(10, "0");
  return `${negative ? "-" : ""}${digits.slice(0, -9)}.${digits.slice(-9)}`;
}
