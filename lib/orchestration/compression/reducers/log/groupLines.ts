// Groups masked log lines: equal templates first, then templates that differ in few words (after Drain). It does not choose lines.
import type { MaskedLine } from "./maskLine.ts";

export interface LineGroup {
  /** Indices of lines, ascending. */
  readonly lines: number[];
  /** Words by which the templates of the group differ: per line the words at these places. Empty for a single template. */
  readonly openPlaces: readonly number[];
}

interface Cluster {
  words: (string | null)[];
  lines: number[];
  open: number;
}

/** Share of equal words from which two templates of one length are one. */
const SIMILAR = 0.65;
const MOST_COMPARED = 48;

/** Similarity of a template with a cluster; open places count half, so that clusters do not swallow all. */
function similarity(words: readonly string[], cluster: Cluster): number {
  let equal = 0;
  for (let index = 0; index < words.length; index++) {
    const other = cluster.words[index];
    if (other === null) equal += 0.5;
    else if (other === words[index]) equal++;
  }
  return equal / words.length;
}

function addTo(cluster: Cluster, words: readonly string[]): void {
  for (let index = 0; index < words.length; index++) {
    const own = cluster.words[index];
    if (own !== null && own !== words[index]) {
      cluster.words[index] = null;
      cluster.open++;
    }
  }
}

/** Where the words of a template are looked up; separators stay in the words. */
export function templateWords(template: string): string[] {
  return template.split(" ");
}

/**
 * @param keys What may never be mixed, per line (severity, for example).
 */
export function groupLines(masked: readonly MaskedLine[], keys: readonly string[]): LineGroup[] {
  const byTemplate = new Map<string, number[]>();
  for (const [index, line] of masked.entries()) {
    const key = `${keys[index] ?? ""}\n${line.template}`;
    const lines = byTemplate.get(key);
    if (lines === undefined) byTemplate.set(key, [index]);
    else lines.push(index);
  }
  const buckets = new Map<string, Cluster[]>();
  const clusters: Cluster[] = [];
  for (const [key, lines] of byTemplate) {
    const breakAt = key.indexOf("\n");
    const words = templateWords(key.slice(breakAt + 1));
    const first = words[0] ?? "";
    const bucketKey = `${key.slice(0, breakAt)}\n${words.length}\n${first.includes("#") || first.includes("<") ? "*" : first}`;
    const bucket = buckets.get(bucketKey) ?? [];
    buckets.set(bucketKey, bucket);
    let best: Cluster | undefined;
    let bestSimilarity = SIMILAR;
    for (const cluster of bucket.slice(-MOST_COMPARED)) {
      const like = similarity(words, cluster);
      if (like >= bestSimilarity) {
        best = cluster;
        bestSimilarity = like;
      }
    }
    if (best === undefined) {
      best = { words, lines: [...lines], open: 0 };
      bucket.push(best);
      clusters.push(best);
    } else {
      addTo(best, words);
      best.lines.push(...lines);
    }
  }
  return clusters.map((cluster) => ({
    lines: cluster.open === 0 ? cluster.lines : cluster.lines.sort((a, b) => a - b),
    openPlaces: cluster.words.flatMap((word, index) => (word === null ? [index] : [])),
  }));
}
