// One statement through pg: our shape in, our shape out. Errors stay pg's.
import type pg from "pg";
import type { QueryResult } from "./Database.ts";

export interface Statement {
  readonly text: string;
  readonly values: readonly unknown[] | undefined;
  readonly name: string | undefined;
}

interface StatementRunner {
  query(config: pg.QueryConfig): Promise<pg.QueryResult | pg.QueryResult[]>;
}

export async function runStatement<Row>(runner: StatementRunner, { text, values, name }: Statement): Promise<QueryResult<Row>> {
  const config: pg.QueryConfig = { text };
  // Without values pg uses the simple protocol, which takes several statements: migrations rely on it.
  if (values !== undefined) config.values = values as unknown[];
  if (name !== undefined) config.name = name;
  const answer = await runner.query(config);
  const result = Array.isArray(answer) ? answer.at(-1) : answer;
  return { rows: (result?.rows ?? []) as Row[], rowCount: result?.rowCount ?? 0 };
}
