// The error of a call that was not made: it tells what it needed and what is left.
import { AppError } from "../core/errors.ts";
import { nanoToUsd } from "../core/money.ts";
import type { CallLedger, CallRefusal } from "./types.ts";

/** @returns AppError `BUDGET_EXCEEDED` or `PRICE_UNKNOWN` */
export function refusalError(refusal: CallRefusal, model: string, ledger: CallLedger): AppError {
  const { needTokens, needUsd, leftTokens, leftUsd, limit } = refusal;
  if (refusal.reason === "price_unknown") {
    return new AppError("PRICE_UNKNOWN", `there is a money limit, but the price of ${model} is unknown`, {
      details: { got: model, ...(limit === undefined ? {} : { scope: limit.scope }) },
      hint: "give `price`, or limit by tokens",
    });
  }
  const { limitUsd, limitTokens } = limit ?? ledger.balance();
  const isMoney = leftUsd !== null && needUsd !== null && needUsd > leftUsd;
  const figure = isMoney
    ? `${nanoToUsd(needUsd)} USD, ${nanoToUsd(leftUsd)} USD are left`
    : `${needTokens} tokens, ${leftTokens ?? 0} are left`;
  const where = limit === undefined ? "" : ` of the limit on ${limit.scope} (${limit.window})`;
  return new AppError("BUDGET_EXCEEDED", `the next call to ${model} may need ${figure}${where}; it was not made`, {
    details: {
      ...(limit === undefined ? {} : { scope: limit.scope, window: limit.window }),
      needTokens,
      needUsd: needUsd === null ? null : nanoToUsd(needUsd),
      availableTokens: leftTokens,
      availableUsd: leftUsd === null ? null : nanoToUsd(leftUsd),
      limitTokens,
      limitUsd: limitUsd === null ? null : nanoToUsd(limitUsd),
    },
    hint: "raise the limit, lower maxOutputTokens, or shorten the input",
  });
}
