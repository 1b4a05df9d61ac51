// Whether an answer can be read in a text, whatever its notation: quotes, dashes, digit groups, dates, escapes. Knows no payload.
const ENTITIES: Readonly<Record<string, string>> = { nbsp: " ", amp: "&", lt: "<", gt: ">", quot: '"', apos: "'", "#39": "'", "#039": "'" };
const MONTHS = ["january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"];

/** A text prepared for many lookups. */
export class AnswerText {
  readonly #asWritten: string;
  /** In CSV a comma between digits separates cells, elsewhere it groups them: both readings are searched. */
  readonly #grouped: string;
  readonly #digits: string;

  constructor(text: string) {
    this.#asWritten = normalise(text, false);
    this.#grouped = normalise(text, true);
    this.#digits = this.#grouped.replace(/[\s().-]/g, "");
  }

  /** Every string of the answer stands in the text. */
  holds(answer: readonly string[]): boolean {
    return answer.every((part) => this.holdsPart(part));
  }

  holdsPart(part: string): boolean {
    return this.#holds(normalise(part, false), this.#asWritten) || this.#holds(normalise(part, true), this.#grouped);
  }

  #holds(part: string, text: string): boolean {
    if (part === "") return false;
    if ([part, ...dateForms(part)].some((form) => standsAlone(form, text))) return true;
    // Phone numbers and long ids, written with other separators.
    const digits = part.replace(/\D/g, "");
    return digits.length >= 9 && /^[+()\d\s.-]{9,}$/.test(part) && this.#digits.includes(digits);
  }
}

/** Lower case, one kind of quotes and dashes, no marks of quoting or Markdown, single blanks, no trailing `.0`, `joinsDigits`: 1,234 is 1234. */
export function normalise(text: string, joinsDigits: boolean): string {
  const grouped = decode(text)
    .normalize("NFKC")
    .toLowerCase()
    .replace(/[\u2018\u2019\u201c\u201d\u00ab\u00bb"'`*|]/g, " ")
    .replace(/[\u2010-\u2015\u2212]/g, "-");
  return (joinsDigits ? grouped.replace(/(?<=\d)[,\u202f\u00a0](?=\d{3}(?!\d))/g, "") : grouped)
    .replace(/(?<=\d)\.0+(?![\d.])/g, "")
    .replace(/\s*,\s*/g, ", ")
    .replace(/\s+/g, " ")
    .trim();
}

function decode(text: string): string {
  return text
    .replace(/&(nbsp|amp|lt|gt|quot|apos|#0?39);/g, (_, name: string) => ENTITIES[name] ?? "")
    .replace(/\\u([0-9a-f]{4})/gi, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)))
    .replace(/\\[nrt]/g, " ")
    .replace(/\\(["'\\/])/g, "$1");
}

function dateForms(part: string): readonly string[] {
  const match = /^(\d{4})-(\d\d)-(\d\d)(?:$|[t ])/.exec(part);
  if (match === null) return [];
  const [, year = "", month = "", day = ""] = match;
  const name = MONTHS[Number(month) - 1];
  if (name === undefined) return [];
  const [short, dayOfMonth] = [name.slice(0, 3), String(Number(day))];
  if (part.length <= 10) {
    return [
      ...[name, short].flatMap((word) => [`${word} ${dayOfMonth}, ${year}`, `${dayOfMonth} ${word} ${year}`]),
      `${short} ${dayOfMonth} ${year}`,
      `${month}/${day}/${year}`,
      `${day}/${month}/${year}`,
      `${day}.${month}.${year}`,
      `${year}/${month}/${day}`,
    ];
  }
  const time = /[t ](\d\d:\d\d)/.exec(part)?.[1];
  if (time === undefined) return [];
  return [
    `${year}-${month}-${day} ${time}`,
    `${year}-${month}-${day}t${time}`,
    `${name} ${dayOfMonth}, ${year} ${time}`,
    `${dayOfMonth} ${name} ${year} ${time}`,
  ];
}

/** Not as a part of a longer word or number. */
function standsAlone(form: string, text: string): boolean {
  const isNumber = /^-?[\d.,]+$/.test(form);
  for (let at = text.indexOf(form); at !== -1; at = text.indexOf(form, at + 1)) {
    const [before, after] = [text.slice(Math.max(0, at - 2), at), text.slice(at + form.length, at + form.length + 2)];
    if (isNumber ? numberEdges(before, after) : wordEdges(form, before, after)) return true;
  }
  return false;
}

function numberEdges(before: string, after: string): boolean {
  return !/[\p{L}\p{N}.]$/u.test(before) && !/^(?:[\p{L}\p{N}]|\.\d)/u.test(after);
}

function wordEdges(form: string, before: string, after: string): boolean {
  const isOpenLeft = !/^[\p{L}\p{N}]/u.test(form) || !/[\p{L}\p{N}]$/u.test(before);
  const isOpenRight = !/[\p{L}\p{N}]$/u.test(form) || !/^[\p{L}\p{N}]/u.test(after);
  return isOpenLeft && isOpenRight;
}
