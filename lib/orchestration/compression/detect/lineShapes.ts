// Counts what kinds of lines a sample has: time stamps, levels, frames, hunks, speakers, list items, and so on. It decides no type.

export interface LineShapes {
  /** Lines that are not blank. */
  readonly lines: number;
  readonly list: readonly string[];
  readonly timestamps: number;
  readonly levels: number;
  /** Time stamp, level, or a word of a build or test run at the head. */
  readonly logLines: number;
  readonly frames: number;
  readonly traceHeads: number;
  readonly diffHunks: number;
  readonly diffHeads: number;
  readonly gitHeads: number;
  readonly diffLines: number;
  readonly chatLines: number;
  readonly cues: number;
  readonly speakerLines: number;
  /** Speakers with at least two lines. */
  readonly repeatedSpeakers: number;
  readonly headings: number;
  readonly fences: number;
  readonly items: number;
  readonly links: number;
  readonly tableRows: number;
}

type Name = Exclude<keyof LineShapes, "lines" | "list" | "repeatedSpeakers" | "logLines">;

const TIME = String.raw`\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d{1,3})?)?(?: ?[AaPp]\.?[Mm]\.?)?`;
const DAY = String.raw`(?:\d{4}-\d{2}-\d{2}|\d{1,2}[/.]\d{1,2}[/.]\d{2,4})`;

/** Each is tried on the first 200 characters of a line; all are anchored or of fixed reach. */
const SHAPES: Readonly<Record<Name, RegExp>> = {
  timestamps:
    /^(?:[[(<"]?\d{2,4}[-/.]\d{1,2}[-/.]\d{1,4}[T ,_-]{1,2}\d{1,2}[:.]\d{2}|\[?(?:[A-Z][a-z]{2} )?[A-Z][a-z]{2} [ \d]\d \d{2}:\d{2}:\d{2}|\[?\d{1,2}[/ ][A-Z][a-z]{2}[/ ]\d{4}[: ]\d{2}:\d{2}|- \d{9,10} \d{4}\.\d{2}\.\d{2}|\d{6} \d{6} \d{1,6} |\d{8}-\d{1,2}:\d{1,2}:\d{1,2}|\[?\d{1,2}[.-]\d{1,2} \d{2}:\d{2}:\d{2}|\[?\d{1,2}:\d{2}:\d{2}[.,\] ]|\[ {0,8}\d{1,8}\.\d{3,6}\]|\d{10}(?:\.\d{1,6})?[\s|,]|\S{1,60} - - \[\d{1,2}\/[A-Z][a-z]{2}\/\d{4}:|\d{1,9} \S{1,40} \S{1,60} \d{10} )/,
  levels:
    /(?:^|[\s[(|<])(?:TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|FATAL|SEVERE|CRITICAL|ERR|info|warn|error|debug|fatal)(?=[\s\])|>:,])/,
  frames:
    /^\s*at [\w$.<>[\]/ ]{1,120}[( ]|^\s+at \S|^\s*File "[^"]{1,150}", line \d+|^\s*\.{3} \d+ more|^\s+from \S{1,150}:\d+:in |^\S{1,150}:\d+:in [`'"]|^\s{1,8}\S{1,150}\.(?:go|rs|c|cpp|cc|py|js|ts):\d+(?::\d+)?(?:\s\+0x[0-9a-f]+)?$|^#\d+\s+(?:0x[0-9a-f]+ in )?\S|^\s+\d+: (?:0x[0-9a-f]+ - )?[\w:<>]+$/,
  traceHeads:
    /^(?:Traceback \(most recent call last\)|Exception in thread|Caused by:|panic: |goroutine \d+ \[|Unhandled exception|thread '[^']{1,40}' panicked|(?:[\w$.]{1,120})?(?:Error|Exception|Throwable)(?:: |$)|Uncaught )/,
  diffHunks: /^@@ -\d+(?:,\d+)? \+\d+(?:,\d+)? @@|^\d+(?:,\d+)?[acd]\d+(?:,\d+)?$/,
  diffHeads: /^(?:diff --git |--- (?:a\/|\S)|\+\+\+ (?:b\/|\S)|Index: )/,
  gitHeads: /^diff --git a\//,
  diffLines: /^[+\-<>](?![+-]{2})/,
  chatLines: new RegExp(
    String.raw`^(?:[#\w.-]{1,30} )?(?:${DAY}[ T,]{1,2})?(?:\[?\(?${TIME}\]?\)?[ :-]{0,3})?<[ @+%~&]?[^<>\s/!?][^<>]{0,39}> ?\S|^\[?${DAY},? ${TIME}\]? ?-? ?[^:<>{}="]{1,40}: |^[[(](?:${DAY}[ ,]{1,2})?${TIME}[\])] [\p{L}][^:<>{}="/\\[\]]{0,39}: |^(?:-!-|\*{3}|={3}|-->|<--) .{1,120}(?:joined|left|quit|known as)`,
    "u",
  ),
  cues: /^(?:\d{1,2}:)?\d{1,2}:\d{2}[.,]\d{3} --> /,
  speakerLines:
    /^[\p{Lu}][^:<>{}="/\\;[(]{0,39}(?: \([^:]{1,80}\))?(?: ?[[(](?:\d{1,2}:)?\d{1,2}:\d{2}[\])])?: ?\S|^[\p{Lu}][^:<>{}="/\\;[(]{0,39}?: ?$|^[a-z][\w-]{1,20}: [A-Za-z]/u,
  headings: /^ {0,3}#{1,6} \S|^(?:={3,}|-{3,})\s*$/,
  fences: /^ {0,3}(?:```|~~~)/,
  items: /^\s{0,8}(?:[-*+]|\d{1,3}[.)]) \S/,
  links: /\[[^\]]{1,200}\]\([^)\s]{1,300}\)/,
  tableRows: /^\s{0,3}\|.*\|\s*$/,
};
/** Heads of lines of builds and test runs. */
const BUILD =
  /^(?:npm (?:ERR!|WARN|notice)|##\[|::(?:group|error|warning)|\[(?:INFO|WARN|WARNING|ERROR|DEBUG)\]|(?:PASS|FAIL) |\s*[✓✗✔✘×√] |ok \d+ |not ok \d+ |\s*--- (?:PASS|FAIL)|=== RUN|> Task :|\[\d+\/\d+\] |Step \d+\/\d+ :|test \S{1,120} \.{3} |\S{1,120}::\S{1,120} (?:PASSED|FAILED|SKIPPED)|(?:Compiling|Downloading|Downloaded|Installing|Collecting|Building|Fetching) \S)/;
const NAMES = Object.keys(SHAPES) as Name[];
const LONGEST_LOOKED_AT = 200;

function speakerOf(line: string): string {
  return line.slice(0, Math.max(0, line.indexOf(":"))).replace(/ ?[[(].*$/, "");
}

export function lineShapes(sample: string): LineShapes {
  const list = sample.split("\n").filter((line) => line.trim() !== "");
  const counts = new Map<Name, number>();
  const speakers = new Map<string, number>();
  let logLines = 0;
  for (const whole of list) {
    const line = whole.slice(0, LONGEST_LOOKED_AT).trimEnd();
    const found = new Set<Name>();
    for (const name of NAMES) {
      if (!SHAPES[name].test(line) || (name === "chatLines" && found.has("levels") && !line.includes("> "))) continue;
      found.add(name);
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }
    if (found.has("speakerLines")) speakers.set(speakerOf(line), (speakers.get(speakerOf(line)) ?? 0) + 1);
    if ((found.has("timestamps") || found.has("levels") || BUILD.test(line)) && !found.has("chatLines")) logLines++;
  }
  const count = (name: Name): number => counts.get(name) ?? 0;
  const entries = Object.fromEntries(NAMES.map((name) => [name, count(name)])) as Record<Name, number>;
  return { lines: list.length, list, ...entries, logLines, repeatedSpeakers: [...speakers.values()].filter((turns) => turns >= 2).length };
}
