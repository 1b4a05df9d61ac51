// Judges a POST request that no known service explains: by the words of its address, then by the step's name.
import type { Effect } from "../../workflow/types.ts";
import { opinion, withEffect } from "./effects.ts";
import { firstOpinion, type Rule } from "./firstOpinion.ts";
import { judgeModelCall, looksLikeModelBody } from "./judgeModelCall.ts";
import { judgeName, type NameReading } from "./judgeName.ts";
import type { RequestContext } from "./judgeService.ts";
import type { UrlReading } from "./readUrl.ts";
import type { Opinion } from "./types.ts";
import * as cues from "./urlCues.ts";
import { wordSet } from "./words.ts";

interface PostContext extends RequestContext {
  readonly named: NameReading | null;
}

const PUBLISH_WORDS = wordSet("send publish post sendmessage notify broadcast");
const CONVERSIONS = wordSet("convert conversion converter translate translation resize compress transcode");
const TAIL_SEGMENTS = 2;

const RULES: readonly Rule<PostContext>[] = [
  ({ url }) => (url.has(cues.TOKEN_WORDS) ? opinion("extract", "read", "request", [0.8, "it obtains a token or an upload address"]) : null),
  ({ url }) =>
    cues.MESSAGE_HOSTS.test(url.text) ? opinion("send", "destructive", "request", [0.9, "it posts to a message service"]) : null,
  ({ url }) =>
    cues.VERDICT_HOSTS.test(url.text) || url.has(cues.VERDICT_WORDS)
      ? opinion("validate", "read", "request", [0.75, "it asks a service for a verdict"])
      : null,
  (context) =>
    changes(context)
      ? opinion("send", context.url.has(PUBLISH_WORDS) ? "destructive" : "write", "request", [
          0.85,
          "its address says that it changes something",
        ])
      : null,
  ({ url, named }) => (endsWith(url, cues.QUERY_WORDS) || cues.SEARCH_HOSTS.test(url.text) ? queries(named) : null),
  ({ url }) =>
    endsWith(url, cues.CONVERT_WORDS) || url.has(CONVERSIONS)
      ? opinion("transform", "read", "request", [0.75, "it asks a service to convert"])
      : null,
  (context) => (makesMedia(context) ? opinion("generate", "read", "request", [0.75, "it asks a service to make media"]) : null),
  ({ facts, request }) => (isChat(request.body) ? judgeModelCall(facts, request) : null),
];

export function judgePost(context: RequestContext): Opinion {
  const named = judgeName(context.facts.name);
  return firstOpinion(RULES, { ...context, named }) ?? judgeUnknown(context.facts.name, named, context.request.body);
}

/** One of the last segments, whole or in pieces, is such a word. */
function endsWith({ text, words }: UrlReading, set: ReadonlySet<string>): boolean {
  const path = text.replace(/^=?\s*(?:https?:)?\/\/[^/?#]*/, "").split("?")[0] ?? "";
  const tail = path.split("/").slice(-TAIL_SEGMENTS).join("/");
  return words.some((word) => set.has(word) && tail.includes(word));
}

/** "Start the run" of a scraper brings data in, and starts something. */
function queries(named: NameReading | null): Opinion {
  const reads = opinion("extract", "read", "request", [0.85, "its POST request only queries"]);
  return named?.isLeading === true && named.intent === "send" ? withEffect(reads, named.effect) : reads;
}

function changes({ url, named }: PostContext): boolean {
  return url.has(cues.WRITE_WORDS) && !cues.QUERY_WORDS.has(url.last) && !isReadRun({ url, named });
}

/** Starting a scraper and waiting for its result is a read; starting a job is a write. */
function isReadRun({ url, named }: Pick<PostContext, "url" | "named">): boolean {
  return (
    cues.SEARCH_HOSTS.test(url.text) || /run-sync|wait-for/.test(url.text) || (url.has(cues.QUERY_WORDS) && named?.intent === "extract")
  );
}

function makesMedia({ url, named, request }: PostContext): boolean {
  return url.has(cues.MEDIA_WORDS) && (named?.intent === "generate" || /"?prompt"?\s*[:=]/.test(request.body));
}

function isChat(body: string): boolean {
  return looksLikeModelBody(body) && /"?(?:messages|prompt)"?\s*:/.test(body) && /"?(?:model|role|temperature|max_tokens)"?\s*:/.test(body);
}

/** The address says nothing: the name may give the intent, but a POST whose effect is not known counts as a write. */
function judgeUnknown(name: string, named: NameReading | null, body: string): Opinion {
  const effect: Effect = named?.effect === "destructive" ? "destructive" : "write";
  const base = opinion("send", effect, "request", [0.7, "its POST request may change something"]);
  if (named === null || !named.isLeading || named.intent === "send" || named.intent === "conditional") return base;
  // "Generate coupon" creates a row somewhere, unless there is a text to go by.
  if (named.intent === "generate" && !/prompt|text|content|input|messages|query|topic/i.test(body)) return base;
  return withEffect(opinion(named.intent, "read", "request", [0.6, `its POST request is named "${name.slice(0, 60)}"`]), "write");
}
