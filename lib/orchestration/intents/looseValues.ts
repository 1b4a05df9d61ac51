// Looks into values of unknown shape without ever throwing, with bounds on depth, width and length.

export type LooseRecord = Readonly<Record<string, unknown>>;

const EMPTY: LooseRecord = {};
const DEPTH_LIMIT = 6;
const WIDTH_LIMIT = 40;

export function asRecord(value: unknown): LooseRecord {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as LooseRecord) : EMPTY;
}

/** Without listing the keys: there may be millions. */
export function isEmpty(record: LooseRecord): boolean {
  for (const key in record) if (Object.hasOwn(record, key)) return false;
  return true;
}

/** The text's first characters; numbers and booleans as text; anything else is empty. */
export function clip(value: unknown, length: number): string {
  if (typeof value === "string") return value.length > length ? value.slice(0, length) : value;
  return typeof value === "number" || typeof value === "boolean" ? String(value) : "";
}

/** `key: text` of everything inside, in order, until `length` characters. */
export function collectText(value: unknown, length: number): string {
  const parts: string[] = [];
  let left = length;
  const visit = (inner: unknown, key: string, depth: number): void => {
    if (left <= 0 || depth > DEPTH_LIMIT) return;
    if (typeof inner === "string" || typeof inner === "number" || typeof inner === "boolean") {
      const text = `${key}${clip(inner, left)}`;
      parts.push(text);
      left -= text.length + 1;
    } else if (Array.isArray(inner)) {
      for (const item of inner.slice(0, WIDTH_LIMIT) as readonly unknown[]) visit(item, "", depth + 1);
    } else if (typeof inner === "object" && inner !== null) {
      let seen = 0;
      for (const name in inner) {
        if ((seen += 1) > WIDTH_LIMIT) break;
        visit((inner as LooseRecord)[name], `${name.slice(0, 60)}: `, depth + 1);
      }
    }
  };
  visit(value, "", 0);
  return parts.join("\n");
}
