// Reads transcripts and chats as turns: who said what when. Knows speaker lines, IRC, phone chats, captions. It judges no words.

export interface Turn {
  /** Empty where nobody is named. */
  readonly speaker: string;
  /** Day as written, when the line names one. */
  readonly day: string;
  /** Clock time as written, without seconds. */
  readonly time: string;
  readonly lines: string[];
  /** First source line (0-based). */
  readonly line: number;
  /** Somebody came, went or was renamed. */
  readonly isEvent: boolean;
  /** The speaker stands in angle brackets, so that names at the start of a message are addressees. */
  readonly isAngled: boolean;
}

type LineParser = (line: string) => (Omit<Turn, "line" | "lines"> & { readonly text: string }) | null;

const DAY = String.raw`\d{4}-\d{2}-\d{2}|\d{1,2}[/.]\d{1,2}[/.]\d{2,4}`;
const TIME = String.raw`\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d{1,3})?)?(?: ?[AaPp]\.?[Mm]\.?)?`;
/** `stripe 2019-09-04 [22:44:46] <nick> text` · `[22:44] < nick> text` · `<nick> text` */
const IRC = new RegExp(
  String.raw`^(?:[#A-Za-z_][#\w.-]{0,29} )?(?:(${DAY})[ T,]{1,2})?(?:\[?\(?(${TIME})\]?\)?[ :-]{0,3})?<[ @+%~&]?([^<>\s/!][^<>]{0,39})> ?(.*)$`,
);
/** `12/03/2024, 10:11 - Name: text` · `[12.03.24, 10:11:02] Name: text` · `[00:01:02] Name: text` · `22:44 Name: text` */
const STAMPED = new RegExp(
  String.raw`^[[(]?(?:(${DAY})[ ,T]{1,2})?(${TIME})[\])]?[ -]{1,3}([\p{L}\p{N}_][^:<>"{}=;/\\]{0,39}): ?(.*)$`,
  "u",
);
/** `Name: text` · `Name (00:01:22): text` · `Name (Minister of Ships): text` */
const NAMED = new RegExp(String.raw`^([\p{L}\p{N}_][^:<>"{}=;/\\[(]{0,39}?(?: \([^:]{1,80}\))?)(?: ?[[(](${TIME})[\])])?: ?(.*)$`, "u");
/** `Name  10:15 AM` alone on its line, the text below. */
const HEADED = new RegExp(String.raw`^([\p{L}][^:<>"{}=;/\\[(]{0,39}?) {1,4}[[(]?(${TIME})[\])]?$`, "u");
const CUE = /^(?:\d{1,2}:)?\d{1,2}:\d{2}[.,]\d{3} --> /;
const EVENT =
  /^(?:.{0,40}?)(?:-!-|\*{3}|={3}|-->|<--)\s.{0,120}(?:joined|left|quit|parts?|known as|sets? mode|mode\/|topic|kicked|netsplit|entered)|(?:has joined|has left|has quit|is now known as|joined using|was added|left the (?:group|chat|meeting)|joined the (?:group|chat|meeting))/i;
const ACTION = new RegExp(String.raw`^(?:(${DAY})[ T,]{1,2})?(?:\[?(${TIME})\]? )?\* ([^\s:]{1,40}) (.*)$`);
const LONGEST_HEAD = 200;

function withoutSeconds(time: string | undefined): string {
  return time === undefined ? "" : time.replace(/^(\d{1,2}:\d{2}):\d{2}(?:[.,]\d{1,3})?/, "$1");
}

/** Applies a pattern to the head of a line and gives the groups back with the whole text. */
function head(pattern: RegExp, line: string, textGroup: number): (string | undefined)[] | null {
  const match = pattern.exec(line.slice(0, LONGEST_HEAD));
  if (match === null) return null;
  const groups = [...match] as (string | undefined)[];
  if (line.length > LONGEST_HEAD) groups[textGroup] = `${groups[textGroup] ?? ""}${line.slice(LONGEST_HEAD)}`;
  return groups;
}

function isName(text: string): boolean {
  return (
    text.replace(/\(.*$/, "").trim().split(/\s+/).length <= 5 &&
    !/^https?$|^(?:note|re|fwd|subject|from|to|cc|date|sent|ps|update|edit|example|warning|error|info)$/i.test(text.trim())
  );
}

const parseIrc: LineParser = (line) => {
  const m = head(IRC, line, 4);
  if (m !== null)
    return { day: m[1] ?? "", time: withoutSeconds(m[2]), speaker: (m[3] ?? "").trim(), text: m[4] ?? "", isEvent: false, isAngled: true };
  const action = head(ACTION, line, 4);
  return action === null || EVENT.test(line.slice(0, LONGEST_HEAD))
    ? null
    : {
        day: action[1] ?? "",
        time: withoutSeconds(action[2]),
        speaker: action[3] ?? "",
        text: `* ${action[4] ?? ""}`,
        isEvent: false,
        isAngled: true,
      };
};
const parseStamped: LineParser = (line) => {
  const m = head(STAMPED, line, 4);
  return m === null || !isName(m[3] ?? "")
    ? null
    : { day: m[1] ?? "", time: withoutSeconds(m[2]), speaker: (m[3] ?? "").trim(), text: m[4] ?? "", isEvent: false, isAngled: false };
};
const parseNamed: LineParser = (line) => {
  const m = head(NAMED, line, 3);
  if (m === null || !isName(m[1] ?? "") || (m[3] ?? "").startsWith("//")) return null;
  // The colon of a clock time ends no name.
  if (/\d$/.test(m[1] ?? "") && /^\d{2}(?!\d)/.test(m[3] ?? "")) return null;
  return { day: "", time: withoutSeconds(m[2]), speaker: (m[1] ?? "").trim(), text: m[3] ?? "", isEvent: false, isAngled: false };
};
const parseHeaded: LineParser = (line) => {
  const m = head(HEADED, line, 3);
  return m === null || !isName(m[1] ?? "")
    ? null
    : { day: "", time: withoutSeconds(m[2]), speaker: (m[1] ?? "").trim(), text: "", isEvent: false, isAngled: false };
};

/** Somebody who speaks once is as likely a line that happens to hold a colon. */
const MIN_TURNS_OF_NAMED = 2;
const PARSERS: readonly LineParser[] = [parseIrc, parseStamped, parseNamed, parseHeaded];
const SAMPLE = 200;

/** How many sampled lines each way of writing explains. */
function chosenParsers(lines: readonly string[]): LineParser[] {
  const step = Math.max(1, Math.floor(lines.length / SAMPLE));
  const sample = lines.filter((line, index) => index % step === 0 && line.trim() !== "");
  const scored = PARSERS.map((parse) => ({ parse, count: sample.filter((line) => parse(line) !== null).length }));
  const best = Math.max(...scored.map((one) => one.count));
  const first = scored.find((one) => one.count === best);
  if (first === undefined || best === 0) return [];
  // A view of ours has a time on some labels only: both ways of writing are read then.
  return first.parse === parseStamped || first.parse === parseNamed ? [parseStamped, parseNamed] : [first.parse];
}

/** Captions (SRT, VTT) as plain lines, one per cue. */
function withoutCues(lines: readonly string[]): string[] {
  return lines.map((line, index) => {
    if (CUE.test(line) || line.trim() === "WEBVTT") return "";
    if (/^\d{1,6}\s*$/.test(line) && CUE.test(lines[index + 1] ?? "")) return "";
    return line.replace(/^<v ([^>]{1,60})>/, "$1: ").replaceAll(/<\/?[a-z][^>]{0,40}>/gi, "");
  });
}

function speakerTurns(lines: readonly string[], parse: LineParser): Map<string, number> {
  const counts = new Map<string, number>();
  for (const line of lines) {
    const speaker = parse(line)?.speaker;
    if (speaker !== undefined) counts.set(speaker, (counts.get(speaker) ?? 0) + 1);
  }
  return counts;
}

/** In brackets, with a time, or written like a name: `Ada`, `Project Manager`, `Grad B`. */
function isSureName({ isAngled, time, speaker }: Pick<Turn, "isAngled" | "time" | "speaker">): boolean {
  return isAngled || time !== "" || /^\p{Lu}[\p{L}'.-]{0,20}(?: [\p{Lu}\d][\p{L}\d'.-]{0,20}){0,3}(?: \(.*)?$/u.test(speaker);
}

function strayTurn(line: string, index: number, isEvent: boolean): Turn {
  return { speaker: "", day: "", time: "", lines: [line.trim()], line: index, isEvent, isAngled: false };
}

/** A line that begins no turn: an event, the text of a caption, or more of the turn before. */
function addStray(turns: Turn[], line: string, index: number, reading: { isCaptions: boolean; hasEvents: boolean }): void {
  const last = turns.at(-1);
  if (reading.hasEvents && line.length < LONGEST_HEAD && EVENT.test(line)) turns.push(strayTurn(line, index, true));
  else if (last === undefined) turns.push(strayTurn(line, index, false));
  else if (reading.isCaptions && last.speaker === "") last.lines[0] = `${last.lines[0] ?? ""} ${line.trim()}`.trim();
  else last.lines.push(line.trim());
}

/** Turns in order; lines that begin no turn belong to the one before. */
export function parseTurns(content: string): Turn[] {
  const raw = content.split("\n").map((line) => line.trim());
  const isCaptions = raw.slice(0, 20).some((line) => CUE.test(line));
  const lines = isCaptions ? withoutCues(raw) : raw;
  const parsers = chosenParsers(lines);
  const reading = { isCaptions, hasEvents: parsers[0] === parseIrc || parsers[0] === parseStamped };
  const turns: Turn[] = [];
  const parse: LineParser = (line) => {
    let parsed: ReturnType<LineParser> = null;
    for (const one of parsers) parsed ??= one(line);
    return parsed;
  };
  const turnsOf = speakerTurns(lines, parse);
  for (const [index, line] of lines.entries()) {
    if (line.trim() === "") continue;
    const parsed = parse(line);
    const isTurn = parsed !== null && (isSureName(parsed) || (turnsOf.get(parsed.speaker) ?? 0) >= MIN_TURNS_OF_NAMED);
    if (!isTurn) {
      addStray(turns, line, index, reading);
      continue;
    }
    const { text, ...turn } = parsed;
    turns.push({ ...turn, lines: text.trim() === "" ? [] : [text.trim()], line: index });
  }
  return turns;
}
