// Judges requests to services whose answer is the point: models, media, transcription, moderation. Null for all others.
import { opinion } from "./effects.ts";
import { firstOpinion, type Rule } from "./firstOpinion.ts";
import { judgeModelCall, looksLikeModelBody } from "./judgeModelCall.ts";
import type { UrlReading } from "./readUrl.ts";
import type { Opinion, RequestFacts, StepFacts } from "./types.ts";
import * as cues from "./urlCues.ts";
import { wordSet } from "./words.ts";

export interface RequestContext {
  readonly facts: StepFacts;
  readonly request: RequestFacts;
  readonly url: UrlReading;
  /** The method is one of those that by standard change nothing. */
  readonly isSafe: boolean;
}

const MODERATION = wordSet("moderation moderations");
const STORAGE_OF_MEDIA_HOSTS = wordSet("upload uploads voices files publish send");
const MODEL_OF_MEDIA = /huggingface\.co\/models\/\S*(?:flux|diffusion|sdxl|image|musicgen|bark|tts)/;
const MEDIA_PATH =
  /(?:text|image|img|txt)-?(?:to|2)-?(?:image|img|video|speech|audio)|\/(?:images|videos?|audio|image|music)\/(?:generat|edit|speech|variation|create|synthes)|generate-?(?:image|video|audio|speech|music)|\/tts\b|text2image|\/imagine\b|:predict\b.*imag|imagen|api\.openai\.com\S*\/(?:images|videos)/;
const READ_OF_MEDIA = /(?:status|result|progress|poll|jobs?\/|tasks?\/|queue|retrieve|requests\/|runs\/|download|output|detail)/;
const MAKES_BY_GET = /quickchart|qrserver|pollinations|placid/;

const RULES: readonly Rule<RequestContext>[] = [
  ({ facts, request, url, isSafe }) => (isModelPath(url) && (!isSafe || request.body !== "") ? judgeModelCall(facts, request) : null),
  ({ url, isSafe }) =>
    isSafe && MAKES_BY_GET.test(url.text) && !READ_OF_MEDIA.test(url.text)
      ? opinion("generate", "read", "request", [0.75, "it asks a service to make an image"])
      : null,
  ({ url, isSafe }) =>
    !isSafe && url.has(cues.TRANSCRIBE_WORDS) ? opinion("extract", "read", "request", [0.85, "it reads text out of media"]) : null,
  ({ url, isSafe }) =>
    !isSafe && url.text.includes("embed") ? opinion("transform", "none", "request", [0.8, "it computes embeddings"]) : null,
  ({ url, isSafe }) => (!isSafe && url.has(MODERATION) ? opinion("validate", "read", "request", [0.9, "it asks for a verdict"]) : null),
  ({ url, isSafe }) =>
    !isSafe && /\/files(?:$|[/?:])|upload/.test(url.text) && cues.MODEL_HOSTS.test(url.text)
      ? opinion("send", "write", "request", [0.85, "it uploads a file"])
      : null,
  ({ url, isSafe }) =>
    !isSafe && url.has(cues.DESTROY_WORDS) ? opinion("send", "destructive", "request", [0.9, "its address says that it removes"]) : null,
  ({ url, isSafe }) =>
    !isSafe && makesMedia(url) ? opinion("generate", "read", "request", [0.85, "it asks a service to make media"]) : null,
  ({ facts, request, url, isSafe }) =>
    !isSafe && cues.MODEL_HOSTS.test(url.text) && looksLikeModelBody(request.body) ? judgeModelCall(facts, request) : null,
];

export function judgeService(context: RequestContext): Opinion | null {
  return firstOpinion(RULES, context);
}

function isModelPath({ text }: UrlReading): boolean {
  return cues.MODEL_PATH.test(text) && !/\/images?\/|flux|diffusion/.test(text);
}

function makesMedia(url: UrlReading): boolean {
  if (cues.MEDIA_HOSTS.test(url.text)) return !url.has(STORAGE_OF_MEDIA_HOSTS);
  return MODEL_OF_MEDIA.test(url.text) || MEDIA_PATH.test(url.text);
}
