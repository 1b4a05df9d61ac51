// `executions receipt ID`: what was paid, call by call, and what remains unknown.
import type { Receipt, ReceiptLine } from "../../../receiptApi.ts";
import { formatCount, formatUsd, shortModel } from "../../text/amounts.ts";
import type { Cli } from "../../Cli.ts";
import { resolveExecutionId } from "../../input/resolveId.ts";
import type { Column } from "../../text/table.ts";

type Call = Receipt["calls"][number];

const CALL_COLUMNS: readonly Column<Call>[] = [
  { title: "STEP", value: ({ path }) => path, shrinkTo: 10, cutAt: "middle" },
  { title: "MODEL", value: ({ model }) => shortModel(model), shrinkTo: 12 },
  { title: "STATE", value: ({ state }) => state },
  { title: "RESERVED", align: "right", value: ({ reservedTokens }) => formatCount(reservedTokens) },
  { title: "USED", align: "right", value: ({ usedTokens }) => (usedTokens === null ? "?" : formatCount(usedTokens)) },
  { title: "AT MOST", align: "right", value: ({ reservedUsd }) => (reservedUsd === null ? "?" : formatUsd(reservedUsd)) },
  { title: "PAID", align: "right", value: ({ usedUsd }) => (usedUsd === null ? "?" : formatUsd(usedUsd)) },
];

/** The id whole, as `budgets reconcile` needs it; the time finds the call in a provider's export, which knows no ids of ours. */
const ASSUMED_COLUMNS: readonly Column<Call>[] = [
  { title: "ASSUMED ATTEMPT", value: ({ attemptId }) => attemptId },
  { title: "STEP", value: ({ path }) => path, shrinkTo: 10, cutAt: "middle" },
  { title: "SENT", value: ({ dispatchedAt }) => dispatchedAt.replace(/\.\d+Z$/, "Z") },
];

const LINE_COLUMNS: readonly Column<ReceiptLine>[] = [
  { title: "CAUSE", value: ({ cause }) => cause, shrinkTo: 12 },
  { title: "USD", align: "right", value: ({ usd }) => (usd === null ? "?" : formatUsd(usd)) },
  { title: "TOKENS", align: "right", value: ({ tokens }) => (tokens === null ? "?" : formatCount(tokens)) },
  { title: "NOTE", value: ({ note }) => note, shrinkTo: 16 },
];

export async function receipt(cli: Cli, id: string): Promise<void> {
  await cli.withSystem(async ({ api }) => {
    const found = await api.receipt(await resolveExecutionId(api, id));
    if (cli.output.isJson) cli.output.json(found);
    else showReceipt(cli, found);
  });
}

export function showReceipt({ output }: Pick<Cli, "output">, found: Receipt): void {
  const { unknown } = found;
  output.facts([
    ["execution", found.executionId],
    ["status", found.status],
    ["paid", found.paidUsd === null ? "unknown" : formatUsd(found.paidUsd)],
    ["limit", found.limitUsd === null ? "none" : formatUsd(found.limitUsd)],
    ["baseline", found.baselineUsd === null ? null : formatUsd(found.baselineUsd)],
    ["prices", pricesOf(found)],
    ["overrun", found.overrunUsd === 0 ? null : formatUsd(found.overrunUsd)],
    ["unknown", unknown.callsWithoutPrice === 0 ? null : `${countCalls(unknown.callsWithoutPrice)} without a price`],
    ["assumed", unknown.callsAssumed === 0 ? null : `${countCalls(unknown.callsAssumed)} booked at the cap: usage was never reported`],
  ]);
  if (found.calls.length > 0) {
    output.data("");
    output.table(found.calls, CALL_COLUMNS, "");
  }
  const assumed = found.calls.filter(({ state }) => state === "assumed");
  if (assumed.length > 0) {
    output.data("");
    output.table(assumed, ASSUMED_COLUMNS, "");
    output.data("correct them with `budgets reconcile FILE`, by attempt id");
  }
  if (found.lines.length > 0) {
    output.data("");
    output.table(found.lines, LINE_COLUMNS, "");
  }
  if (found.savings !== null) showSavings(output, found.savings);
}

function showSavings(output: Cli["output"], { text, wouldSaveTokens }: NonNullable<Receipt["savings"]>): void {
  output.data("");
  output.data(text.trimEnd());
  if (wouldSaveTokens > 0) output.data(`  observed only: views would have kept ${formatCount(wouldSaveTokens)} tokens from being sent`);
}

function countCalls(count: number): string {
  return `${formatCount(count)} ${count === 1 ? "call" : "calls"}`;
}

function pricesOf({ pricedAs, calls }: Receipt): string | null {
  if (pricedAs === null) return null;
  const isPaid = calls.some(({ provider }) => provider !== "offline");
  return isPaid ? `calls of the offline model as if on ${pricedAs}` : `as if on ${pricedAs}; nothing was paid to a provider`;
}
