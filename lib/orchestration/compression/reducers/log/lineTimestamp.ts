// Finds the time stamp at the head of log lines: the form is chosen once per log, then matched per line. It does not interpret times.

/** Anchored, without repetition inside repetition. The first group that matches is the time itself. */
const FORMS: readonly RegExp[] = [
  // 2015-07-29 19:31:35,760 · 2015-07-29T19:31:35.760Z · 2015/07/29 19:31:35 · 17/06/09 20:10:40, in brackets or not
  /^[[(<"]?\d{2,4}[-/.]\d{1,2}[-/.]\d{1,4}[T ,_-]{1,2}\d{1,2}[:.]\d{2}(?:[:.]\d{2})?(?:[.,]\d{1,9})?(?:Z|[ ]?[+-]\d{2}:?\d{2})?[\])>"]?/,
  // Jul 23 21:16:39 · Sun Dec 04 04:47:44 2005 · [Sun Dec 04 04:47:44 2005] · 23/Jul/2024:21:16:39 +0000
  /^\[?(?:[A-Z][a-z]{2} )?[A-Z][a-z]{2} [ \d]\d \d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?: \d{4})?\]?/,
  /^\[?\d{1,2}[/ ][A-Z][a-z]{2}[/ ]\d{4}[: ]\d{2}:\d{2}:\d{2}(?:[.,]\d{1,6})?(?: [+-]\d{4})?\]?/,
  // - 1117838570 2005.06.03 (supercomputers) · 081109 203518 (Hadoop) · 20171223-22:15:29:606 (devices)
  /^- \d{9,10} \d{4}\.\d{2}\.\d{2}/,
  /^\d{6} \d{6}(?= )/,
  /^\d{8}-\d{1,2}:\d{1,2}:\d{1,2}:\d{1,3}/,
  // [10.30 16:49:06] · 03-17 16:13:38.811 · 21:16:39.123 · [ 12.345678] · 1117838570.123
  /^\[?\d{1,2}[.-]\d{1,2} \d{2}:\d{2}:\d{2}(?:[.,]\d{1,6})?\]?/,
  /^\[?\d{1,2}:\d{2}:\d{2}(?:[.,]\d{1,6})?\]?/,
  /^\[ {0,8}\d{1,8}\.\d{3,6}\]/,
  /^\d{10}(?:\.\d{1,6})?(?=[\s|,])/,
];
const SAMPLE = 60;

/** Length of the time stamp at the start of a line, 0 where it has none. */
export type TimestampLength = (line: string) => number;

/** Picks the form that most of a sample has; a form that fewer than a fifth have is none. */
export function timestampOf(lines: readonly string[]): TimestampLength {
  const step = Math.max(1, Math.floor(lines.length / SAMPLE));
  const sample = lines.filter((line, index) => index % step === 0 && line !== "");
  let best: RegExp | undefined;
  let bestCount = Math.max(1, sample.length / 5);
  for (const form of FORMS) {
    const count = sample.filter((line) => form.test(line)).length;
    if (count > bestCount) {
      best = form;
      bestCount = count;
    }
  }
  if (best === undefined) return () => 0;
  const form = best;
  return (line) => form.exec(line)?.[0].length ?? 0;
}
