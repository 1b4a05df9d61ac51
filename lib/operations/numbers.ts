// Numbers in data: which texts are numbers, and sums that do not drift (0.1 + 0.2 is 0.3 here).
import type { JsonValue } from "../core/json.ts";

const NUMERIC = /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d{1,3})?$/i;

/** A finite number, or a text that is one in plain notation. `""`, `"12 kg"`, `"1,200"` and `true` are none. */
export function readNumber(value: JsonValue | undefined): number | undefined {
  if (typeof value === "number") return Number.isFinite(value) ? value : undefined;
  if (typeof value !== "string" || value.length > 40) return undefined;
  const text = value.trim();
  if (!NUMERIC.test(text)) return undefined;
  const number = Number(text);
  if (!Number.isFinite(number)) return undefined;
  // A long order number must not equal its neighbour because doubles cannot tell them apart.
  const isExact = /[.e]/i.test(text) || Number.isSafeInteger(number);
  return isExact ? number : undefined;
}

/** Exact decimal sum of the numbers as they are written, rounded once at the end. */
export function sumExactly(numbers: readonly number[]): number {
  const parts = numbers.map(toDecimal);
  const exponent = Math.min(0, ...parts.map((part) => part.exponent));
  // Very small exponents would make the integers below enormous; ordinary addition is as good there.
  if (exponent < -100) return numbers.reduce((total, number) => total + number, 0);
  const total = parts.reduce((sum, part) => sum + part.digits * 10n ** BigInt(part.exponent - exponent), 0n);
  return Number(`${total}e${exponent}`);
}

function toDecimal(number: number): { digits: bigint; exponent: number } {
  const [mantissa = "0", power = "0"] = String(number).split("e");
  const [whole = "0", fraction = ""] = mantissa.split(".");
  return { digits: BigInt(whole + fraction), exponent: Number(power) - fraction.length };
}
