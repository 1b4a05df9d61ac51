// Facts that a page states about itself outside its text: title, description, author, dates, and product facts of JSON-LD. It reads no body text.
import { scanMarkup, type Attributes } from "../scanMarkup.ts";

/** Name and value, in the order in which a reader wants them. */
export type PageFact = readonly [name: string, value: string];

const META: Readonly<Record<string, string>> = {
  "og:title": "title",
  "twitter:title": "title",
  description: "description",
  "og:description": "description",
  author: "author",
  "article:author": "author",
  "article:published_time": "published",
  date: "published",
  pubdate: "published",
  "dc.date": "published",
  "article:modified_time": "modified",
  "product:price:amount": "price",
  "og:price:amount": "price",
  "product:price:currency": "currency",
  "og:price:currency": "currency",
};
const ORDER = [
  "title",
  "description",
  "author",
  "published",
  "modified",
  "name",
  "brand",
  "sku",
  "price",
  "currency",
  "availability",
  "rating",
  "reviews",
];
/** Names of JSON-LD properties that are facts, and what they are called. */
const PROPERTIES: Readonly<Record<string, string>> = {
  headline: "title",
  datePublished: "published",
  dateModified: "modified",
  sku: "sku",
  price: "price",
  lowPrice: "price",
  priceCurrency: "currency",
  availability: "availability",
  ratingValue: "rating",
  reviewCount: "reviews",
  ratingCount: "reviews",
};
const NAMED: Readonly<Record<string, string>> = { author: "author", brand: "brand" };
const LONGEST = 400;
const DEEPEST = 8;
const LARGEST_JSON = 200_000;
const ATTRIBUTES = new Set(["name", "property", "content", "itemprop", "type", "datetime"]);

function clean(value: string): string {
  const text = value.replaceAll(/\s+/g, " ").trim();
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}

/** The name of a person or brand: a text, an object with a name, or the first of a list of such. */
function nameIn(value: unknown): string | undefined {
  const one: unknown = Array.isArray(value) ? (value as unknown[])[0] : value;
  if (typeof one === "string") return one;
  if (typeof one !== "object" || one === null) return undefined;
  const { name } = one as Record<string, unknown>;
  return typeof name === "string" ? name : undefined;
}

const UNTOLD_TYPES = new Set<unknown>(["BreadcrumbList", "Review", "Organization"]);

/** Walks JSON-LD; the first value of each fact counts. */
function collect(value: unknown, put: (name: string, value: string) => void, depth: number): void {
  if (depth > DEEPEST || typeof value !== "object" || value === null) return;
  if (Array.isArray(value)) {
    for (const item of value.slice(0, 50) as unknown[]) collect(item, put, depth + 1);
    return;
  }
  const record = value as Record<string, unknown>;
  if (UNTOLD_TYPES.has(record["@type"])) return;
  for (const [key, inner] of Object.entries(record).slice(0, 200)) {
    const name = PROPERTIES[key];
    if (name !== undefined && (typeof inner === "string" || typeof inner === "number"))
      put(name, String(inner).replace(/^https?:\/\/schema\.org\//, ""));
    const namedAs = NAMED[key];
    if (namedAs === undefined) collect(inner, put, depth + 1);
    else put(namedAs, nameIn(inner) ?? "");
  }
}

function metaName(attributes: Attributes): string | undefined {
  return META[(attributes.get("property") ?? attributes.get("name") ?? attributes.get("itemprop") ?? "").toLowerCase()];
}

/** Where the part of the page that states facts ends: scripts of JSON-LD may stand anywhere, the rest stands in the head. */
export function pageFacts(content: string): PageFact[] {
  const facts = new Map<string, string>();
  const put = (name: string, value: string): void => {
    const text = clean(value);
    if (text !== "" && !facts.has(name)) facts.set(name, text);
  };
  const headEnd = content.search(/<\/head|<body/i);
  let isTitle = false;
  let title = "";
  scanMarkup(
    content.slice(0, headEnd < 0 ? Math.min(content.length, 20_000) : headEnd),
    { isXml: false, attributes: ATTRIBUTES },
    {
      open(tag, attributes) {
        isTitle = tag === "title" && title === "";
        const name = tag === "meta" ? metaName(attributes) : undefined;
        if (name !== undefined) put(name, attributes.get("content") ?? "");
      },
      close() {
        isTitle = false;
      },
      text(text) {
        if (isTitle) title += text;
      },
    },
  );
  for (const script of jsonScripts(content)) {
    try {
      collect(JSON.parse(script), put, 0);
    } catch {
      // Broken JSON-LD states nothing.
    }
  }
  put("title", title);
  return ORDER.flatMap((name) => (facts.has(name) ? [[name, facts.get(name) ?? ""] as const] : []));
}

function jsonScripts(content: string): string[] {
  const found: string[] = [];
  for (let at = content.indexOf("application/ld+json"); at >= 0 && found.length < 10; at = content.indexOf("application/ld+json", at + 1)) {
    const start = content.indexOf(">", at);
    const end = start < 0 ? -1 : content.indexOf("</script", start);
    if (end > start && end - start < LARGEST_JSON) found.push(content.slice(start + 1, end));
  }
  return found;
}
