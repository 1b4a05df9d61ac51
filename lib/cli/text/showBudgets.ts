// Budgets as a table: a row for money and one for tokens, because one row of both does not fit a screen.
import type { BudgetReport } from "../../systemApi.ts";
import { formatCount, formatUsd } from "./amounts.ts";
import type { Cli } from "../Cli.ts";
import { shortId } from "../input/resolveId.ts";
import type { Column } from "./table.ts";

interface Row {
  readonly scope: string;
  readonly window: string;
  readonly limit: string;
  readonly spent: string;
  readonly reserved: string;
  readonly onLimit: string;
}

const COLUMNS: readonly Column<Row>[] = [
  { title: "SCOPE", value: ({ scope }) => scope, shrinkTo: 24 },
  { title: "WINDOW", value: ({ window }) => window },
  { title: "LIMIT", align: "right", value: ({ limit }) => limit },
  { title: "SPENT", align: "right", value: ({ spent }) => spent },
  { title: "RESERVED", align: "right", value: ({ reserved }) => reserved },
  { title: "AT LIMIT", value: ({ onLimit }) => onLimit },
];

export function showBudgets({ output }: Cli, budgets: readonly BudgetReport[]): void {
  output.table(budgets.flatMap(toRows), COLUMNS, "no limits are set: set one with `budgets set workspace --usd 5`");
}

function toRows(budget: BudgetReport): readonly Row[] {
  const { window, onLimit } = budget;
  const scope = budget.scope.replace(/^execution:(.+)$/, (_, id: string) => `execution:${shortId(id)}`);
  const money: Row = {
    scope,
    window,
    onLimit,
    limit: budget.limitUsd === null ? "none" : formatUsd(budget.limitUsd),
    spent: formatUsd(budget.spentUsd),
    reserved: formatUsd(budget.openUsd),
  };
  if (budget.limitTokens === null) return [money];
  const tokens: Row = {
    scope,
    window,
    onLimit,
    limit: inTokens(budget.limitTokens),
    spent: inTokens(budget.spentTokens),
    reserved: inTokens(budget.openTokens),
  };
  return budget.limitUsd === null ? [tokens] : [money, tokens];
}

function inTokens(count: number): string {
  return `${formatCount(count)} tok`;
}
