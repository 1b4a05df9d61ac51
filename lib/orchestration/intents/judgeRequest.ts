// Judges an HTTP request by method, URL and body: what comes back, or what it changes. Sends nothing and parses no body.
import { opinion } from "./effects.ts";
import { judgeGraphql } from "./judgeGraphql.ts";
import { judgeName } from "./judgeName.ts";
import { judgePost } from "./judgePost.ts";
import { judgeService } from "./judgeService.ts";
import { readUrl, type UrlReading } from "./readUrl.ts";
import type { Opinion, RequestFacts, StepFacts } from "./types.ts";
import * as cues from "./urlCues.ts";

const SAFE_METHODS = new Set(["GET", "HEAD", "OPTIONS"]);
const ACTION_PARAMETER = /[?&](?:action|method|cmd|command|do|op|operation|mode)=(\w+)/;
const GRAPHQL_BODY = /"?query"?\s*:\s*\\?["'`]\s*(?:query\s*[\w({]|mutation\s*[\w({]|\{\s*\w)/;
const JSON_RPC_METHOD = /"method"\s*:\s*"([\w./]{1,60})"/;
const MUTATION = /\bmutation\b\s*[\w({]/;
/** `setWebhook`, `sendMessage`: a verb with its object, as bot interfaces name their methods; or a bare command. */
const CHANGING_SEGMENT = /^(?:(?:set|send|delete|edit|create|update|trigger|kick|ban|pin)[a-z]+|delete|trigger|restart|start|stop)$/;
const CHECKED_PARAMETER = /[?&](?:email|e-mail|phone|number|vat|vat_number|iban|domain|ip|url|address|token|signature)=/;
const POLLING = /\/(?:reports?|results?|analyses|status|reviews?)\b/;

export function judgeRequest(facts: StepFacts, request: RequestFacts): Opinion {
  const method = methodOf(request);
  if (method === "DELETE") return opinion("send", "destructive", "request", [0.95, "its request deletes"]);
  const url = readUrl(request.url);
  const isSafe = SAFE_METHODS.has(method);
  const context = { facts, request, url, isSafe };
  const special = judgeProtocol(request) ?? judgeService(context);
  if (special !== null) return special;
  if (isSafe) return judgeSafe(facts, url);
  if (method === "PUT" || method === "PATCH") return opinion("send", "write", "request", [0.9, `its ${method} request changes something`]);
  return judgePost(context);
}

function methodOf({ method, body }: RequestFacts): string {
  if (method !== "" && !method.includes("{")) return method;
  return body === "" ? "GET" : "POST";
}

function judgeProtocol({ url, body }: RequestFacts): Opinion | null {
  if (body !== "" && (/graphql|\/gql/i.test(url) || GRAPHQL_BODY.test(body.slice(0, 400)))) {
    const start = body.search(MUTATION);
    return judgeGraphql(start === -1 ? "query" : body.slice(start));
  }
  if (!body.includes("jsonrpc")) return null;
  const rpc = JSON_RPC_METHOD.exec(body.slice(0, 2_000))?.[1];
  const named = rpc === undefined ? null : judgeName(rpc.slice(rpc.lastIndexOf("/") + 1));
  return named === null ? null : opinion(named.intent, named.effect, "request", [0.8, `it calls the method ${rpc}`]);
}

/** GET reads, unless its address names a change or its answer is a verdict. */
function judgeSafe(facts: StepFacts, url: UrlReading): Opinion {
  const changing = changeIn(url);
  if (changing !== null) {
    const isDestructive = cues.DESTROY_WORDS.has(changing) || /delete|remove|send/.test(changing);
    return opinion("send", isDestructive ? "destructive" : "write", "request", [
      0.85,
      `its GET request triggers "${changing.slice(0, 40)}"`,
    ]);
  }
  const named = judgeName(facts.name);
  if (named?.intent !== "extract" && asksForVerdict(url, named?.intent === "validate"))
    return opinion("validate", "read", "request", [0.65, "it asks a service for a verdict"]);
  if (named?.intent === "transform" && url.has(cues.CONVERT_WORDS))
    return opinion("transform", "read", "request", [0.7, "it asks a service to convert"]);
  return opinion("extract", "read", "request", [0.9, "its GET request reads"]);
}

function changeIn(url: UrlReading): string | null {
  const action = ACTION_PARAMETER.exec(url.text)?.[1];
  if (action !== undefined && isChanging(action)) return action;
  return CHANGING_SEGMENT.test(url.segment) ? url.segment : null;
}

function isChanging(word: string): boolean {
  const effect = judgeName(word)?.effect;
  return effect === "write" || effect === "destructive";
}

/** Fetching the report of an earlier scan is a read. What is to be checked often stands in the query. */
function asksForVerdict(url: UrlReading, isNamedCheck: boolean): boolean {
  if (isNamedCheck && CHECKED_PARAMETER.test(url.text)) return true;
  return url.isKnown && !POLLING.test(url.text) && (url.has(cues.VERDICT_WORDS) || cues.VERDICT_HOSTS.test(url.text));
}
