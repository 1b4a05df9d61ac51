// Column names as a header says them: the last part of a path where that is enough to tell columns apart.

/** By index; only names of `kept` columns are shortened. */
export function shortNames(columns: readonly string[], kept: readonly number[]): string[] {
  const lasts = columns.map((path) => path.slice(path.lastIndexOf(".") + 1));
  const counts = new Map<string, number>();
  for (const index of kept) counts.set(lasts[index] ?? "", (counts.get(lasts[index] ?? "") ?? 0) + 1);
  return columns.map((path, index) => {
    const last = lasts[index] ?? path;
    return counts.get(last) === 1 && last !== "" && !/^\d*\]|^\[/.test(last) ? last : path;
  });
}
