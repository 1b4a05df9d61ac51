// Atoms: the facts of a text that a reader may be asked for: numbers, identifiers, dates, addresses, names. Found in one pass; nothing is judged.

/** What separates atoms; punctuation inside of them (12:30, a.b@c, 3.14, -5) stays. */
const PIECE = /[^\s"'`,;|<>()[\]{}=]+/gu;
const EDGE = /^[^\p{L}\p{N}$€£¥+#@/-]+|[^\p{L}\p{N}%€$£¥]+$/gu;
const MOST_ATOMS = 50_000;
const LONGEST_ATOM = 300;

/** Distinct atoms, at most 50 000. A name counts where it does not begin a sentence. */
export function atomsOf(text: string): Set<string> {
  const atoms = new Set<string>();
  let isSentenceStart = true;
  for (const [piece] of text.matchAll(PIECE)) {
    const atom = piece.length > LONGEST_ATOM ? piece.slice(0, LONGEST_ATOM) : piece.replaceAll(EDGE, "");
    if (atom !== "" && isAtom(atom, isSentenceStart)) atoms.add(atom.toLowerCase());
    isSentenceStart = /[.!?:]$/.test(piece);
    if (atoms.size >= MOST_ATOMS) break;
  }
  return atoms;
}

function isAtom(text: string, isSentenceStart: boolean): boolean {
  if (/\p{N}/u.test(text) || text.includes("@") || text.includes("://")) return true;
  return !isSentenceStart && text.length > 2 && /^\p{Lu}/u.test(text);
}

/** The words of markup are nobody's facts: tags, scripts and styles are left out. */
export function withoutTags(markup: string): string {
  let text = "";
  let at = 0;
  while (at < markup.length) {
    const open = markup.indexOf("<", at);
    if (open === -1) return text + markup.slice(at);
    text += `${markup.slice(at, open)} `;
    const skipped = skippedElement(markup, open);
    const close = skipped === -1 ? markup.indexOf(">", open) : skipped;
    if (close === -1) return text;
    at = close + 1;
  }
  return text;
}

/** End of a script or style element that begins here; -1: none does. */
function skippedElement(markup: string, open: number): number {
  const head = markup.slice(open + 1, open + 7).toLowerCase();
  const name = head.startsWith("script") ? "script" : head.startsWith("style") ? "style" : null;
  if (name === null) return -1;
  const end = markup.indexOf(`</${name}`, open);
  return end === -1 ? markup.length : markup.indexOf(">", end);
}

/** The second way to find facts, for checks: runs with a digit in them, cut at anything that is no letter, digit, point or dash. */
export function checkedFacts(text: string): string[] {
  return (text.match(/[\p{L}\p{N}][\p{L}\p{N}.-]*/gu) ?? []).filter((run) => /\p{N}/u.test(run)).map((run) => run.replace(/[.-]+$/, ""));
}
