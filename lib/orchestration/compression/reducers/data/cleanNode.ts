// Takes from JSON what no reader needs whatever the task: hypermedia templates, opaque ids of APIs, empty values, repeats. By general rules only.
import { jsonIn } from "../../lossless/jsonInString.ts";
import { textOf, type JsonMember, type JsonNode, type JsonObject } from "../../lossless/parseJson.ts";
import type { DataTerms } from "./taskTerms.ts";

const OPAQUE_KEY =
  /^(?:node_?id|gravatar_?id|etag|_etag|__v|__typename|cursor|fingerprint|event_?id_?token|nonce|signature|request_?id_?hash)$/i;
const LINK_KEY = /(?:^|[_-])(?:url|uri|href|links?)$|[a-z](?:Url|Uri|Href|URL|URI)$|^_links$/;
const IMAGE_KEY = /avatar|gravatar|thumb|icon|image|picture|photo|logo|poster|banner/i;
const HUMAN_LINK =
  /^(?:html_?url|web_?url|permalink|link|website|homepage|compare|url|html_?link|browser_?url|external_?url|public_?url|self_?link)$/i;
const DEEPEST_INNER = 3;
const LONGEST_DATA_URI = 100;
const REPOSITORY_LINK = /^(?:clone|git|ssh|svn|mirror|archive|tarball|zipball|hooks?|events?|statuses|releases)/i;

export interface Cleaned {
  readonly node: JsonNode | null;
  /** Keys that were left out, with how often. */
  readonly dropped: ReadonlyMap<string, number>;
}

interface Cleaning {
  readonly terms: DataTerms;
  readonly dropped: Map<string, number>;
}

function isEmptyLeaf(node: JsonNode): boolean {
  if (node.kind === "array") return node.items.length === 0;
  if (node.kind === "object") return node.members.length === 0;
  return node.raw === "null" || node.raw === '""';
}

function isAddress(text: string): boolean {
  return /^(?:https?:|git:|ssh:|git@|\/)/.test(text);
}

interface Around {
  readonly terms: DataTerms;
  /** The object has a link for people, so others are for machines. */
  readonly hasHumanLink: boolean;
}

function isNoise(key: string, value: JsonNode, around: Around): boolean {
  const { terms, hasHumanLink } = around;
  if (isEmptyLeaf(value)) return true;
  if (terms.isStrict && terms.names(key) === 2) return false;
  if (OPAQUE_KEY.test(key)) return true;
  if (value.kind === "object") return /^_?links$/i.test(key) && (!terms.wantsLinks || hasHumanLink);
  if (value.kind !== "leaf" || !value.raw.startsWith('"')) return false;
  const text = textOf(value.raw);
  return (text.startsWith("data:") && text.length > LONGEST_DATA_URI) || (isAddress(text) && isNoiseAddress(key, text, around));
}

function isNoiseAddress(key: string, text: string, { terms, hasHumanLink }: Around): boolean {
  if (IMAGE_KEY.test(key) && !terms.wantsImages) return true;
  if (/\{[^}]{1,40}\}/.test(text)) return true;
  if (!LINK_KEY.test(key)) return false;
  if (/^https?:\/\/api\.|\/api\/|\.(?:geojson|json|xml)$/.test(text) || REPOSITORY_LINK.test(key)) return true;
  return hasHumanLink && !HUMAN_LINK.test(key) && !terms.wantsLinks;
}

interface CleaningPlace {
  readonly path: string;
  /** How many strings it stands in. */
  readonly depth: number;
}

function clean(node: JsonNode, place: CleaningPlace, work: Cleaning): JsonNode | null {
  if (node.kind === "object") return cleanObject(node, place, work);
  if (node.kind === "array") {
    const items = node.items.flatMap((item) => clean(item, place, work) ?? []);
    return items.length === 0 ? null : { kind: "array", items };
  }
  // Answers of tools often come as JSON in a string.
  const inner = place.depth < DEEPEST_INNER ? jsonIn(node.raw) : null;
  return inner === null ? node : clean(inner, { ...place, depth: place.depth + 1 }, work);
}

function cleanObject(node: JsonObject, { path, depth }: CleaningPlace, work: Cleaning): JsonNode | null {
  const keys = node.members.map(({ key }) => textOf(key));
  const hasHumanLink = keys.some((key) => /^(?:html_?url|web_?url|permalink|html_?link|url)$/i.test(key));
  const hasHtml = keys.some((key) => /^(?:html_?url|web_?url|html_?link)$/i.test(key));
  const members: JsonMember[] = [];
  for (const [index, { key, value }] of node.members.entries()) {
    const name = keys[index] ?? "";
    const isMachineLink = hasHtml && /^url$/i.test(name);
    if (isMachineLink || isNoise(name, value, { terms: work.terms, hasHumanLink })) {
      if (!isEmptyLeaf(value)) work.dropped.set(name, (work.dropped.get(name) ?? 0) + 1);
      continue;
    }
    const cleaned = clean(value, { path: path === "" ? name : `${path}.${name}`, depth }, work);
    if (cleaned !== null) members.push({ key, value: cleaned });
  }
  return members.length === 0 ? null : { kind: "object", members };
}

export function cleanNode(node: JsonNode, terms: DataTerms): Cleaned {
  const work: Cleaning = { terms, dropped: new Map() };
  const cleaned = clean(node, { path: "", depth: 0 }, work);
  return { node: cleaned, dropped: work.dropped };
}
