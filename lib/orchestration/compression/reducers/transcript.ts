// Transcript reducer: meetings and chats as labelled turns without fillers, assent and comings and goings. It summarises nothing.
import type { ReduceContext, Reducer, Reduction } from "../types.ts";
import { askedKinds, countAsked, holdsKind, type AskedKind } from "./askedKinds.ts";
import { withFirstMentions } from "./firstMentions.ts";
import { reductionOf, type LaidUnit } from "./reductionOf.ts";
import { splitSentences } from "./splitSentences.ts";
import { parseTurns, type Turn } from "./transcript/parseTurns.ts";
import { isAssent, spokenWords } from "./transcript/spokenWords.ts";

/** Sentences of a turn are units of their own from this length of the line on. */
const SPLIT_FROM_CHARS = 160;
/** What is asked for by kind is pinned while that is at most this share of the units. */
const MOST_PINNED = 0.25;
/** Kinds that cannot be guessed from their surroundings. */
const PINNED_KINDS: readonly AskedKind[] = ["link", "identifier", "contact"];
const WEIGHTY: readonly AskedKind[] = ["decision", "date", "amount", "identifier"];

function weightOf(text: string, asked: readonly AskedKind[]): number {
  let weight = text.length < 24 ? 0.15 : text.length < 60 ? 0.3 : 0.4;
  for (const kind of WEIGHTY) if (holdsKind(text, kind)) weight += 0.1;
  if (text.endsWith("?")) weight += 0.05;
  if (/\d/.test(text)) weight += 0.05;
  if (text.includes("://")) weight += 0.2;
  return Math.min(1, weight + 0.12 * countAsked(text, asked));
}

/** Speaker before the text; day and time only when they change. */
function label(turn: Turn, before: Turn | undefined): string {
  const day = turn.day !== "" && turn.day !== before?.day ? `${turn.day} ` : "";
  const time = turn.time !== "" && (turn.time !== before?.time || day !== "") ? `${turn.time} ` : "";
  if (turn.speaker === "") return `${day}${time}`.trim();
  return `${day}${time}${turn.isAngled ? `<${turn.speaker}>` : `${turn.speaker}:`}`;
}

interface CleanTurn {
  readonly turn: Turn;
  readonly lines: string[];
}

interface Cleaned {
  readonly turns: CleanTurn[];
  assents: number;
  events: number;
}

/** Turns without fillers, assent and events; turns of one speaker that follow each other are one. */
function cleaned(turns: readonly Turn[]): Cleaned {
  const result: Cleaned = { turns: [], assents: 0, events: 0 };
  let isAsked = false;
  for (const turn of turns) {
    if (turn.isEvent) {
      result.events++;
      continue;
    }
    const lines = turn.lines.map(spokenWords).filter((line) => line !== "");
    const text = lines.join(" ");
    // "Yes." after a question is an answer.
    if (turn.speaker !== "" && (lines.length === 0 || (isAssent(text) && !isAsked))) {
      result.assents++;
      continue;
    }
    isAsked = text.endsWith("?");
    const last = result.turns.at(-1);
    if (last !== undefined && last.turn.speaker === turn.speaker && turn.speaker !== "") last.lines.push(...lines);
    else result.turns.push({ turn, lines });
  }
  return result;
}

interface Laying {
  readonly units: LaidUnit[];
  readonly context: ReduceContext;
  readonly asked: readonly AskedKind[];
}

function layTurn({ units, context, asked }: Laying, { turn, lines }: CleanTurn, before: Turn | undefined): void {
  const source = units.at(-1)?.to ?? 0;
  const prefix = label(turn, before);
  const pieces = lines.flatMap((line) =>
    (line.length >= SPLIT_FROM_CHARS ? splitSentences(line) : [line]).map((text, index) => ({
      text,
      lead: index === 0 ? ("\n" as const) : (" " as const),
    })),
  );
  const isSplit = prefix !== "" && pieces.length > 1;
  let parent: number | undefined;
  if (isSplit) {
    parent = units.length;
    units.push({ text: context.mark.escape(prefix), from: source, to: source, lead: "\n", weight: 0.05 });
  }
  for (const [at, { text, lead }] of pieces.entries()) {
    const own = isSplit || prefix === "" ? text : `${prefix} ${text}`;
    units.push({
      text: context.mark.escape(own),
      from: source + at,
      to: source + at + 1,
      lead: isSplit && at === 0 ? " " : lead,
      weight: weightOf(text, asked),
      ...(parent === undefined ? {} : { parent, searchText: `${turn.speaker} ${text}` }),
    });
  }
}

/** Pins units that hold a link, an identifier or an address when the task asks for such, rarest kinds first while they are few. */
function withPins(units: readonly LaidUnit[], asked: readonly AskedKind[]): LaidUnit[] {
  const kinds = PINNED_KINDS.filter((kind) => asked.includes(kind));
  const pinned = new Set<number>();
  for (const kind of kinds) {
    const holding = [...units.entries()].filter(([, unit]) => holdsKind(unit.text, kind)).map(([index]) => index);
    if (pinned.size + holding.length <= Math.max(3, units.length * MOST_PINNED)) for (const index of holding) pinned.add(index);
  }
  return units.map((unit, index) => (pinned.has(index) ? { ...unit, pin: "named" } : unit));
}

function reduceTranscript(content: string, context: ReduceContext): Reduction | null {
  if (context.level === 0) return null;
  const { turns, assents, events } = cleaned(parseTurns(content));
  const asked = askedKinds(context);
  const laying: Laying = { units: [], context, asked };
  for (const [index, turn] of turns.entries()) layTurn(laying, turn, turns[index - 1]?.turn);
  const dropped = ["fillers"];
  if (assents > 0) dropped.push(`${assents} turns of mere assent`);
  if (events > 0) dropped.push(`${events} lines about who came and went`);
  const units = withPins(withFirstMentions(laying.units), asked);
  return reductionOf(content, { type: "transcript", noun: ["statement", "statements"], units, dropped }, context);
}

export const transcriptReducer: Reducer = { types: ["transcript"], reduce: reduceTranscript };
