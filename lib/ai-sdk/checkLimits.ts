// Limits as a program gives them, read: figures or an error that names the field. It books nothing.
import { AppError } from "../core/errors.ts";
import { parseUsd, type NanoUsd } from "../core/money.ts";
import type { GovernLimits } from "./types.ts";

/** @throws AppError `INPUT_INVALID` for a limit that is negative or not a number */
export function checkLimits({ tokens, usd }: GovernLimits): { readonly tokens: number | null; readonly usd: NanoUsd | null } {
  return { tokens: tokens === undefined ? null : validTokens(tokens), usd: usd === undefined ? null : validUsd(usd) };
}

function validTokens(tokens: number): number {
  if (Number.isSafeInteger(tokens) && tokens >= 0) return tokens;
  throw new AppError("INPUT_INVALID", `limits.tokens must be a whole number of at least 0, got ${tokens}`, {
    details: { field: "limits.tokens", expected: "a whole number of at least 0", got: String(tokens) },
  });
}

function validUsd(text: string): NanoUsd {
  try {
    const usd = parseUsd(text);
    if (usd >= 0n) return usd;
  } catch (error) {
    if (!(error instanceof RangeError || error instanceof TypeError)) throw error;
  }
  throw new AppError("INPUT_INVALID", `limits.usd must be an amount such as "0.50", as text, got ${text}`, {
    details: { field: "limits.usd", expected: 'an amount such as "0.50", as text', got: text },
  });
}
