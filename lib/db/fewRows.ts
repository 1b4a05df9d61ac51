// A hint for joins with rows of our own that are meant as look-ups by key.

/**
 * A condition that always holds and that PostgreSQL takes for one that one row in 200 meets. Statements are planned once,
 * often while their tables are young and nothing is known of them; a join planned then reads the whole table, and goes on doing
 * so as it grows, until somebody analyzes it. For so few rows the planner looks each one up.
 *
 * @param ordinality the `n` of `unnest(…) WITH ORDINALITY AS u(…, n)`
 */
export function fewRows(ordinality: string): string {
  return `${ordinality} % 1 = 0`;
}
