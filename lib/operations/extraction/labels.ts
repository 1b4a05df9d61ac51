// Labels in text ("Invoice no: X") and how well one names a field. Ambiguity is reported as such, so that no value is picked by luck.

export interface LabelledValue {
  readonly label: string;
  readonly value: string;
}

const SYNONYMS: Readonly<Record<string, string>> = {
  no: "number",
  nr: "number",
  num: "number",
  nbr: "number",
  "#": "number",
  amt: "amount",
  qty: "quantity",
  tel: "phone",
  telephone: "phone",
  mobile: "phone",
  mail: "email",
  addr: "address",
  dob: "birthdate",
  cust: "customer",
};
const FILLERS = new Set(["the", "of", "a", "an", "your", "our", "is", "in"]);
/** Words that add little: "Total" is total_amount, "Customer" is customer_name. */
const WEAK = new Set(["amount", "value", "number", "id", "code", "name", "text"]);
/** Words for the document itself: in an invoice, "Date" is invoice_date, but never "Order date". */
const DOCUMENTS = new Set(["invoice", "receipt", "order", "document", "bill", "contract", "form"]);

/** `invoiceNumber`, `invoice_no` and `Invoice No.` are the words invoice and number. */
export function labelWords(label: string): string[] {
  return label
    .replace(/(\p{Ll})(\p{Lu})/gu, "$1 $2")
    .toLowerCase()
    .replace(/e-mail/g, "email")
    .split(/[^\p{L}\p{N}#]+/u)
    .filter((word) => word !== "" && !FILLERS.has(word))
    .map((word) => (Object.hasOwn(SYNONYMS, word) ? (SYNONYMS[word] ?? word) : word));
}

/** 0: no match; 4: the same words. Between: the same but for weak words, but for the document's name, or a more specific label. */
export function matchLabel(field: readonly string[], label: readonly string[]): 0 | 1 | 2 | 3 | 4 {
  if (field.length === 0 || label.length === 0) return 0;
  if (sameWords(field, label)) return 4;
  const [strongField, strongLabel] = [field.filter((word) => !WEAK.has(word)), label.filter((word) => !WEAK.has(word))];
  if (strongField.length > 0 && sameWords(strongField, strongLabel)) return 3;
  const core = field.filter((word) => !DOCUMENTS.has(word));
  if (core.length > 0 && core.length < field.length && sameWords(core, label)) return 2;
  return field.every((word) => label.includes(word)) ? 1 : 0;
}

function sameWords(left: readonly string[], right: readonly string[]): boolean {
  return new Set([...left, ...right]).size === new Set(left).size && new Set(left).size === new Set(right).size;
}

/** The best label's values; several different values of equally good labels are all given, for the caller to refuse. */
export function findLabelled(field: readonly string[], pairs: readonly LabelledValue[]): string[] {
  let best = 1;
  let values = new Set<string>();
  for (const pair of pairs) {
    const score = matchLabel(field, labelWords(pair.label));
    if (score === 0 || score < best) continue;
    if (score > best) values = new Set();
    best = score;
    values.add(pair.value);
  }
  return [...values];
}

const PAIR = /^([\p{L}#][^:=]{0,58}?) ?[:=](?:\s+(.*)|([^\s/].*))?$/u;
const NUMBERED = /^([\p{L}][\p{L} ]{1,40}?) ?(?:#|\bno\.?|\bnumber|\bnr\.?)[ :.]*([\p{L}\d][\p{L}\d/_-]*)$/iu;
const PRICED = /^([\p{L}][\p{L} ()%\d]{1,40}?) ((?:[$€£¥]|USD|EUR|GBP|CHF) ?-?\d[\d.,]*|-?\d[\d.,]* ?(?:[$€£¥]|USD|EUR|GBP|CHF))$/u;

/** Every labelled value of the lines, in order. A label alone takes the next cell, or the next line that is no label itself. */
export function readLabelledValues(lines: readonly string[]): LabelledValue[] {
  const pairs: LabelledValue[] = [];
  let waiting: string | undefined;
  for (const line of lines) {
    const cells = line
      .replace(/[*`]{1,3}/g, "")
      .split(/\s{2,}|\t|\s*\|\s*/)
      .map((cell) => cell.replace(/^[\s•>-]+/, "").trim())
      .filter((cell) => cell !== "");
    for (const cell of cells) {
      const pair = readPair(cell);
      if (pair === undefined && waiting !== undefined) pairs.push({ label: waiting, value: cell });
      if (pair !== undefined && pair.value !== "") pairs.push(pair);
      waiting = pair?.value === "" ? pair.label : undefined;
    }
    pairs.push(...readAlignedPair(cells));
  }
  return pairs;
}

function readPair(cell: string): LabelledValue | undefined {
  const match = PAIR.exec(cell);
  const label = match?.[1];
  if (match !== null && label !== undefined && !/^https?$/i.test(label) && !/\d$/.test(label)) {
    return { label, value: (match[2] ?? match[3] ?? "").trim() };
  }
  const numbered = NUMBERED.exec(cell);
  if (numbered?.[1] !== undefined && numbered[2] !== undefined && /\d/.test(numbered[2]))
    return { label: `${numbered[1]} number`, value: numbered[2] };
  const priced = PRICED.exec(cell);
  return priced?.[1] === undefined || priced[2] === undefined ? undefined : { label: priced[1], value: priced[2] };
}

/** `Due date      2024-05-01`: two columns, the first of them words. */
function readAlignedPair(cells: readonly string[]): LabelledValue[] {
  const [label, value] = cells;
  if (cells.length !== 2 || label === undefined || value === undefined) return [];
  return /^[\p{L}][\p{L} ]{1,40}$/u.test(label) && readPair(value) === undefined ? [{ label, value }] : [];
}
