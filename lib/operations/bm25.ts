// BM25 over words that were taken apart already (Robertson and Zaragoza 2009). It knows no language and cuts nothing.

const K1 = 1.2;
const B = 0.6;

/**
 * How well each document answers a query.
 *
 * @param documents words of each, such as `wordsOf` gives; rarity is measured among them
 * @returns a score per document, 0 where no word of the query occurs
 */
export function scoreDocuments(documents: readonly (readonly string[])[], query: ReadonlySet<string>): number[] {
  const frequencies = documents.map((words) => {
    const counts = new Map<string, number>();
    for (const word of words) if (query.has(word)) counts.set(word, (counts.get(word) ?? 0) + 1);
    return counts;
  });
  const holding = new Map<string, number>();
  for (const counts of frequencies) for (const word of counts.keys()) holding.set(word, (holding.get(word) ?? 0) + 1);
  const meanLength = documents.reduce((sum, words) => sum + words.length, 0) / Math.max(documents.length, 1) || 1;
  return documents.map((words, index) => {
    let total = 0;
    for (const [word, count] of frequencies[index] ?? []) {
      const documentCount = holding.get(word) ?? 0;
      const rarity = Math.log(1 + (documents.length - documentCount + 0.5) / (documentCount + 0.5));
      total += (rarity * count * (K1 + 1)) / (count + K1 * (1 - B + (B * words.length) / meanLength));
    }
    return total;
  });
}
