// Wraps an AI SDK model: limits before the call, shorter views of tool results, a receipt. Needs no workflow, and a database only for limits that last.
import { wrapLanguageModel } from "ai";
import { AppError } from "../core/errors.ts";
import { nanoToUsd } from "../core/money.ts";
import { renderReceipt } from "../orchestration/savings/renderReceipt.ts";
import { createExpandTool } from "./expandTool.ts";
import { Governor } from "./Governor.ts";
import type { GovernableModel, GovernedModel, GovernOptions, GovernReceipt, SdkModel } from "./types.ts";

/**
 * The same model for `generateText`, `streamText`, agents and tool loops, with limits and a receipt. With `system` each call is booked
 * durably before it is sent, under the limits of that system (README.md).
 *
 * A call whose worst case (upper count of its input plus its output cap, at the dearest price) does not fit the limits is refused with
 * an AppError `BUDGET_EXCEEDED` before anything is sent; one without a known price under a money limit with `PRICE_UNKNOWN`.
 *
 * @throws AppError `INPUT_INVALID` for options that make no sense
 * @example const agent = new ToolLoopAgent({ model: govern(openai("gpt-5-mini"), { limits: { usd: "0.50" } }), tools });
 */
export function govern(model: GovernableModel, options: GovernOptions = {}): GovernedModel {
  const inner = toSdkModel(model);
  const governor = new Governor(inner, options);
  return {
    specificationVersion: "v4",
    provider: inner.provider,
    modelId: inner.modelId,
    get supportedUrls() {
      return inner.supportedUrls;
    },
    doGenerate: (call) => governor.generate(call),
    doStream: (call) => governor.stream(call),
    tools: { expand: createExpandTool((handle) => governor.readRaw(handle)) },
    receipt: () => governor.receipt(),
    receiptText: () => textOf(governor.receipt()),
    close: () => governor.close(),
  };
}

function toSdkModel(model: unknown): SdkModel {
  if (typeof model !== "object" || model === null || !("doGenerate" in model)) {
    throw new AppError("INPUT_INVALID", "govern takes a model object of a provider package, not a model's name", {
      details: { expected: 'a model such as openai("gpt-5-mini")', got: typeof model === "string" ? model : typeof model },
    });
  }
  return wrapLanguageModel({ model: model as GovernableModel, middleware: [] });
}

function textOf({ agent, mode, executionId, remark, balance, savings, callsRefused, observed }: GovernReceipt): string {
  const limits = [
    ...(balance.limitTokens === null ? [] : [`${balance.spentTokens} of ${balance.limitTokens} tokens used`]),
    ...(balance.limitTokens === null && balance.limitUsd === null ? ["no limit is set"] : [remark]),
    ...(executionId === null ? [] : [`execution ${executionId}`]),
    ...(callsRefused === 0 ? [] : [`${callsRefused} calls refused before they were made`]),
  ];
  const text = renderReceipt(savings, {
    title: agent,
    ...(mode === "observe" ? { status: "observed only" } : {}),
    limitUsd: balance.limitUsd,
    remark: limits.join("; "),
  });
  if (observed === null) return text;
  const { lines, paid, baseline } = observed.savings;
  const saved = paid.usd === null || baseline.usd === null ? "unknown" : `${nanoToUsd(baseline.usd - paid.usd)} USD`;
  const tokens = lines.reduce((sum, line) => sum + line.tokens, 0);
  return `${text}  would have saved    ${saved}, ${tokens} tokens\n  would have refused  ${observed.callsRefused} calls\n`;
}
