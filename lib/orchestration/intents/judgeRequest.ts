// Judges an HTTP request by method, URL and body: what comes back, or what it changes. Sends nothing and parses no body.
import type { Effect } from "../../workflow/types.ts";
import { leastEffect, opinion, withEffect } from "./effects.ts";
import { judgeGraphql } from "./judgeGraphql.ts";
import { judgeName, type NameReading } from "./judgeName.ts";
import { judgePrompt } from "./judgePrompt.ts";
import type { Opinion, RequestFacts, StepFacts } from "./types.ts";
import * as cues from "./urlCues.ts";

const SAFE_METHODS = new Set(["GET", "HEAD", "OPTIONS"]);
const ACTION_PARAMETER = /[?&](?:action|method|cmd|command|do|op|operation|mode)=(\w+)/;
const GRAPHQL_BODY = /"?query"?\s*[:=]\s*[`"']?\s*(?:#[^\n]*\n\s*)?(mutation|query|subscription|\{)/;
const JSON_RPC_METHOD = /"method"\s*:\s*"([\w./]{1,60})"/;
const POLLING = /(?:status|result|results|progress|poll|jobs?\/|tasks?\/|queue|retrieve|requests\/|runs\/|download|output|detail)/;

interface UrlReading {
  readonly text: string;
  readonly words: readonly string[];
  readonly isKnown: boolean;
}

export function judgeRequest(facts: StepFacts, request: RequestFacts): Opinion {
  const url = readUrl(request.url);
  const method = request.method === "" || request.method.includes("{") ? (request.body === "" ? "GET" : "POST") : request.method;
  if (method === "DELETE") return opinion("send", "destructive", "request", [0.95, "its request deletes"]);
  const special = judgeProtocol(request) ?? judgeService(facts, request, url, method);
  if (special !== null) return special;
  if (SAFE_METHODS.has(method)) return judgeSafe(facts, url);
  if (method === "PUT" || method === "PATCH") return opinion("send", "write", "request", [0.9, `its ${method} request changes something`]);
  return judgePost(facts, request, url);
}

function readUrl(raw: string): UrlReading {
  const text = raw
    .toLowerCase()
    .replace(/\{\{[^}]{0,300}\}\}|\$\{[^}]{0,200}\}/g, "_")
    .slice(0, 600);
  const path = text.replace(/^=?\s*(?:https?:)?\/\/[^/?#]*/, "");
  const bare = path.split("?")[0] ?? "";
  const words = bare
    .split("/")
    .flatMap((segment) => [segment, ...segment.split(/[._:-]+/)])
    .filter((word) => word !== "" && word !== "_");
  return { text, words, isKnown: /[a-z]{3}/.test(text.replace(/^=?\s*https?/, "")) };
}

function judgeProtocol(request: RequestFacts): Opinion | null {
  const { url, body } = request;
  if (/graphql|\/gql/i.test(url) || GRAPHQL_BODY.test(body.slice(0, 1_000))) {
    const start = body.search(/\bmutation\b|\bquery\b\s*[\w({]|\{/);
    if (start !== -1 && /graphql|\/gql/i.test(url))
      return judgeGraphql(/\bmutation\b\s*[\w({]/.test(body) ? body.slice(body.search(/\bmutation\b\s*[\w({]/)) : "query");
  }
  const rpc = JSON_RPC_METHOD.exec(body.slice(0, 2_000))?.[1];
  if (rpc === undefined || !/jsonrpc/.test(body)) return null;
  const named = judgeName(rpc.slice(rpc.lastIndexOf("/") + 1));
  return named === null ? null : opinion(named.intent, named.effect, "request", [0.8, `it calls the method ${rpc}`]);
}

/** Services whose answer is the point: models, media, transcription, conversion, verdicts, tokens. */
function judgeService(facts: StepFacts, request: RequestFacts, url: UrlReading, method: string): Opinion | null {
  const { text } = url;
  const isSafe = SAFE_METHODS.has(method);
  const has = (set: ReadonlySet<string>): boolean => url.words.some((word) => set.has(word));
  const isModelHost = cues.MODEL_HOSTS.test(text);
  if (cues.MODEL_PATH.test(text) && (!isSafe || request.body !== "") && !/\/images?\/|flux|diffusion/.test(text))
    return judgeModelCall(facts, request);
  if (isSafe && (cues.MEDIA_HOSTS.test(text) || isModelHost)) return judgeMediaRead(facts, text, url);
  if (isSafe) return null;
  if (has(cues.TRANSCRIBE_WORDS)) return opinion("extract", "read", "request", [0.85, "it reads text out of media"]);
  if (/embed/.test(text)) return opinion("transform", "none", "request", [0.8, "it computes embeddings"]);
  if (has(wordsOf("moderation moderations"))) return opinion("validate", "read", "request", [0.9, "it asks for a verdict"]);
  if (/\/files(?:$|[/?:])|upload/.test(text) && isModelHost) return opinion("send", "write", "request", [0.85, "it uploads a file"]);
  if (has(cues.DESTROY_WORDS)) return opinion("send", "destructive", "request", [0.9, "its address says that it removes"]);
  if (isMediaCall(text, has)) return opinion("generate", "read", "request", [0.85, "it asks a service to make media"]);
  if (isModelHost && looksLikeModelBody(request.body)) return judgeModelCall(facts, request);
  return null;
}

function isMediaCall(text: string, has: (set: ReadonlySet<string>) => boolean): boolean {
  if (cues.MEDIA_HOSTS.test(text)) return !has(wordsOf("upload uploads voices files publish send"));
  if (/huggingface\.co\/models\/\S*(?:flux|diffusion|sdxl|image|musicgen|bark|tts)/.test(text)) return true;
  if (
    /(?:text|image|img|txt)-?(?:to|2)-?(?:image|img|video|speech|audio)|\/(?:images|videos?|audio|image|music)\/(?:generat|edit|speech|variation|create|synthes)|generate-?(?:image|video|audio|speech|music)|\/tts\b|text2image|\/imagine\b|:predict\b.*imag|imagen/.test(
      text,
    )
  )
    return true;
  return /api\.openai\.com\S*\/(?:images|videos)/.test(text);
}

function wordsOf(row: string): ReadonlySet<string> {
  return new Set(row.split(" "));
}

function looksLikeModelBody(body: string): boolean {
  return /messages|prompt|inputs|contents|input/.test(body) && /model|role|prompt|inputs|parts/.test(body);
}

function judgeModelCall(facts: StepFacts, request: RequestFacts): Opinion {
  const reading = judgePrompt({ ...facts, prompt: promptInBody(request.body), hasTools: false });
  return { ...reading, effect: leastEffect(reading.intent), source: "request", reason: `it calls a language model: ${reading.reason}` };
}

const TEXT_FIELDS = /(?:content|prompt|text|inputs?|instructions?|system|query|contents)\\?["']?\s*:\s*\\?(["'`])([\s\S]{1,3000}?)\1/g;

/** The texts of a chat request, without its settings. Templates alone say nothing. */
function promptInBody(body: string): string {
  const texts: string[] = [];
  for (const match of body.replace(/\\n/g, "\n").matchAll(TEXT_FIELDS)) texts.push(match[2] ?? "");
  if (texts.length === 0)
    for (const match of body.matchAll(/(?:^|\n)(?:content|prompt|text|inputs?|value): ([^\n]{20,3000})/g)) texts.push(match[1] ?? "");
  return texts.join("\n").slice(0, 4_000);
}

function judgeMediaRead(facts: StepFacts, text: string, url: UrlReading): Opinion | null {
  const makes = /quickchart|qrserver|pollinations|placid|image\.pollinations/.test(text) && !POLLING.test(text);
  if (makes) return opinion("generate", "read", "request", [0.75, "it asks a service to make an image"]);
  return judgeSafe(facts, url);
}

/** GET reads, unless its address names a change or its answer is a verdict. */
function judgeSafe(facts: StepFacts, url: UrlReading): Opinion {
  const action = ACTION_PARAMETER.exec(url.text)?.[1];
  const last = url.words.at(-1) ?? "";
  const changing =
    action !== undefined && isChanging(action)
      ? action
      : /^(?:set|send|delete|edit|create|update|trigger|kick|ban|pin|start|stop|restart)[a-z]*$/.test(lastSegment(url)) &&
          isChangingSegment(url)
        ? last
        : null;
  if (changing !== null) {
    const isDestructive = cues.DESTROY_WORDS.has(changing) || /delete|remove|send/.test(changing);
    return opinion("send", isDestructive ? "destructive" : "write", "request", [
      0.85,
      `its GET request triggers "${changing.slice(0, 40)}"`,
    ]);
  }
  const verdict = url.words.some((word) => cues.VERDICT_WORDS.has(word)) || cues.VERDICT_HOSTS.test(url.text);
  const named = judgeName(facts.name);
  if (verdict && named?.intent !== "extract" && !isPolling(url) && url.isKnown)
    return opinion("validate", "read", "request", [0.65, "it asks a service for a verdict"]);
  if (url.words.some((word) => cues.CONVERT_WORDS.has(word)) && named?.intent === "transform")
    return opinion("transform", "read", "request", [0.7, "it asks a service to convert"]);
  return opinion("extract", "read", "request", [0.9, "its GET request reads"]);
}

function isChanging(word: string): boolean {
  const effect = judgeName(word)?.effect;
  return effect === "write" || effect === "destructive";
}

function lastSegment({ text }: UrlReading): string {
  const path = text.split("?")[0] ?? "";
  return path.slice(path.lastIndexOf("/") + 1);
}

/** `setWebhook`, `sendMessage`: a verb with its object, as bot interfaces name their methods. */
function isChangingSegment(url: UrlReading): boolean {
  const segment = lastSegment(url);
  return (
    /^(?:set|send|delete|edit|create|update|trigger|kick|ban|pin)[a-z]+/.test(segment) ||
    /^(?:delete|trigger|restart|start|stop)$/.test(segment)
  );
}

function isPolling(url: UrlReading): boolean {
  return /\/(?:reports?|results?|analyses|status|reviews?)\b/.test(url.text);
}

function judgePost(facts: StepFacts, request: RequestFacts, url: UrlReading): Opinion {
  const named = judgeName(facts.name);
  const has = (set: ReadonlySet<string>): boolean => url.words.some((word) => set.has(word));
  const last = url.words.at(-1) ?? "";
  const tail = url.words.slice(-3);
  if (has(cues.TOKEN_WORDS)) return opinion("extract", "read", "request", [0.8, "it obtains a token or an upload address"]);
  if (cues.MESSAGE_HOSTS.test(url.text)) return opinion("send", "destructive", "request", [0.9, "it posts to a message service"]);
  if (cues.VERDICT_HOSTS.test(url.text) || has(cues.VERDICT_WORDS))
    return opinion("validate", "read", "request", [0.75, "it asks a service for a verdict"]);
  if (has(cues.WRITE_WORDS) && !cues.QUERY_WORDS.has(last) && !isReadRun(url, named)) {
    return opinion("send", has(wordsOf("send publish post sendmessage notify broadcast")) ? "destructive" : "write", "request", [
      0.85,
      "its address says that it changes something",
    ]);
  }
  if (tail.some((word) => cues.QUERY_WORDS.has(word)) || cues.SEARCH_HOSTS.test(url.text))
    return opinion("extract", "read", "request", [0.85, "its POST request only queries"]);
  if (tail.some((word) => cues.CONVERT_WORDS.has(word)))
    return opinion("transform", "read", "request", [0.75, "it asks a service to convert"]);
  if (has(cues.MEDIA_WORDS) && (named?.intent === "generate" || /"?prompt"?\s*[:=]/.test(request.body)))
    return opinion("generate", "read", "request", [0.75, "it asks a service to make media"]);
  if (
    looksLikeModelBody(request.body) &&
    /"?(?:messages|prompt)"?\s*:/.test(request.body) &&
    /"?(?:model|role|temperature|max_tokens)"?\s*:/.test(request.body)
  )
    return judgeModelCall(facts, request);
  return judgeUnknownPost(facts, named);
}

/** Starting a scraper and waiting for its result is a read; starting a job is a write. */
function isReadRun(url: UrlReading, named: NameReading | null): boolean {
  return (
    cues.SEARCH_HOSTS.test(url.text) ||
    /run-sync|wait-for/.test(url.text) ||
    (url.words.some((word) => cues.QUERY_WORDS.has(word)) && named?.intent === "extract")
  );
}

/** The address says nothing: the name may give the intent, but a POST whose effect is not known counts as a write. */
function judgeUnknownPost(facts: StepFacts, named: NameReading | null): Opinion {
  const effect: Effect = named?.effect === "destructive" ? "destructive" : "write";
  const base = opinion("send", effect, "request", [0.7, "its POST request may change something"]);
  if (named === null || !named.isLeading || named.intent === "send" || named.intent === "conditional") return base;
  return withEffect(opinion(named.intent, "read", "request", [0.6, `its POST request is named "${facts.name.slice(0, 60)}"`]), "write");
}
