// Cuts runs that would make byte-pair merging quadratic. Normal text passes as it is.

/** One tokenizer piece never gets longer than about this many bytes; 64 000 equal letters took seconds without. */
const MAX_RUN_WEIGHT = 1_000;

const CharClass = { digit: 0, space: 1, letter: 2, mark: 3 } as const;

const ASCII_CLASSES = Uint8Array.from({ length: 128 }, (_, code) => {
  const character = String.fromCharCode(code);
  if (/\d/.test(character)) return CharClass.digit;
  if (/\s/.test(character)) return CharClass.space;
  return /[A-Za-z]/.test(character) ? CharClass.letter : CharClass.mark;
});

/**
 * The text in pieces to be counted one by one. A run is cut inside, which adds at most a token or two per thousand
 * characters, so the sum is an upper count.
 */
export function cutLongRuns(text: string): readonly string[] {
  if (text.length <= MAX_RUN_WEIGHT / 3) return [text];
  const cuts = findCuts(text);
  if (cuts.length === 0) return [text];
  const pieces: string[] = [];
  let start = 0;
  for (const cut of cuts) {
    pieces.push(text.slice(start, cut));
    start = cut;
  }
  pieces.push(text.slice(start));
  return pieces;
}

function findCuts(text: string): number[] {
  const cuts: number[] = [];
  let runClass: number = CharClass.digit;
  let weight = 0;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    const charClass = classOf(code);
    if (charClass !== runClass) {
      runClass = charClass;
      weight = 0;
    }
    if (charClass === CharClass.digit) continue;
    weight += code > 127 ? 3 : 1;
    if (weight <= MAX_RUN_WEIGHT || isLowSurrogate(code)) continue;
    cuts.push(index);
    weight = 1;
  }
  return cuts;
}

/** Digits never form long pieces (three at most), so they are breaks; so is wide punctuation. */
function classOf(code: number): number {
  if (code < 128) return ASCII_CLASSES[code] ?? CharClass.mark;
  if (code === 0xa0 || code === 0x3000) return CharClass.space;
  return (code >= 0x3001 && code <= 0x303f) || (code >= 0xff00 && code <= 0xff0f) ? CharClass.mark : CharClass.letter;
}

function isLowSurrogate(code: number): boolean {
  return code >= 0xdc00 && code <= 0xdfff;
}
