// Judges an app's action: by the catalog's effect, what its request does, what the app is, and the verbs of its name. Calls no app.
import type { Effect } from "../../workflow/types.ts";
import { moreDangerous, opinion, withEffect } from "./effects.ts";
import { firstOpinion, type Rule } from "./firstOpinion.ts";
import { GENERIC_ACTIONS, judgeByWords } from "./judgeByWords.ts";
import { judgeCi } from "./judgeCi.ts";
import { judgeCode } from "./judgeCode.ts";
import { judgeGraphql } from "./judgeGraphql.ts";
import { judgeModelPlugin } from "./judgeModelPlugin.ts";
import { judgeName } from "./judgeName.ts";
import { judgeRequest } from "./judgeRequest.ts";
import { judgeShell } from "./judgeShell.ts";
import { judgeSql, looksLikeSql } from "./judgeSql.ts";
import { DATABASE_PLUGINS, HTTP_PLUGINS, MODEL_PLUGINS, PLUGIN_RULES, SHELL_PLUGINS, VECTOR_STORES } from "./pluginKinds.ts";
import type { Opinion, StepFacts } from "./types.ts";

const SQL_ACTIONS = /execute|query|raw|sql|run|^$/i;
const READ_WORDS = /(?:^|\.)(?:load|retrieve|retrieval|getmany|get|query|search|retrieveastool|getranked|similaritysearch|^$)/i;
const WRITE_TO_VECTORS = /insert|upsert|update|add|index|ingest|save/i;

/** @param catalogEffect what the plugin declares of this action; null when it is not known */
export function judgeAction(facts: StepFacts, catalogEffect: Effect | null): Opinion {
  const judged = firstOpinion(RULES, { facts, plugin: kebab(facts.plugin) }) ?? judgeByWords(facts);
  if (catalogEffect === null) return hinted(facts, judged);
  return byCatalog(judged, catalogEffect);
}

/** The plugin's own word on its effect beats guesses of it; what the request itself shows may only be more dangerous. */
function byCatalog(judged: Opinion, declared: Effect): Opinion {
  const effect = judged.source === "request" ? moreDangerous(declared, judged.effect) : declared;
  const changes = effect === "write" || effect === "destructive";
  if (changes && judged.intent === "extract")
    return { ...opinion("send", effect, "metadata", [0.8, "its plugin says that the action changes something"]) };
  if (!changes && judged.intent === "send")
    return {
      ...opinion(effect === "read" ? "extract" : "transform", effect, "metadata", [0.8, "its plugin says that the action changes nothing"]),
      effect,
    };
  return { ...judged, effect, confidence: Math.max(judged.confidence, 0.85) };
}

/** Hints of a server are not trusted: `destructiveHint` raises, `readOnlyHint` only settles what names leave open. */
function hinted(facts: StepFacts, judged: Opinion): Opinion {
  if (facts.destructiveHint === true)
    return withEffect(judged.intent === "extract" ? { ...judged, intent: "send" } : judged, "destructive");
  if (facts.readOnlyHint === false && judged.intent === "extract") return withEffect({ ...judged, intent: "send" }, "write");
  const isOpen = judged.source === "abstained" || judged.source === "model";
  if (facts.readOnlyHint === true && isOpen && judged.intent === "send")
    return opinion("extract", "read", "metadata", [0.6, "its server says that it only reads"]);
  return judged;
}

interface ActionContext {
  readonly facts: StepFacts;
  /** Kebab case. */
  readonly plugin: string;
}

/** What is done stands in the parameters (a request, a command, a statement, a script), or the app is known for it. */
const RULES: readonly Rule<ActionContext>[] = [
  ({ facts }) => (facts.plugin.includes("/") && GENERIC_ACTIONS.test(facts.action) ? judgeCi(facts) : null),
  ({ facts, plugin }) => (facts.graphql !== "" && (plugin === "" || plugin.includes("graphql")) ? judgeGraphql(facts.graphql) : null),
  ({ facts, plugin }) =>
    facts.command !== "" && (plugin === "" || SHELL_PLUGINS.test(plugin)) ? judgeShell(facts.command, facts.name) : null,
  ({ facts }) => (facts.sql !== "" && SQL_ACTIONS.test(facts.action) && looksLikeSql(facts.sql) ? judgeSql(facts.sql) : null),
  ({ facts, plugin }) => (HTTP_PLUGINS.test(plugin) ? judgeRequest(facts, facts.request ?? NO_REQUEST) : null),
  ({ facts, plugin }) => (MODEL_PLUGINS.test(plugin) && !VECTOR_STORES.test(plugin) ? judgeModelPlugin(facts) : null),
  ({ facts, plugin }) => (VECTOR_STORES.test(plugin) ? judgeVectorStore(facts) : null),
  ({ facts, plugin }) => (DATABASE_PLUGINS.test(plugin) && /execute|raw|sql/i.test(facts.action) ? judgeUnknownStatement(facts) : null),
  ({ facts, plugin }) => (plugin === "" && facts.action === "" && facts.request !== null ? judgeRequest(facts, facts.request) : null),
  ({ facts, plugin }) => (plugin === "" && facts.code !== "" ? judgeCode(facts.code, facts.name, facts.description) : null),
  ({ facts, plugin }) => (/graph-?api|api$/.test(plugin) && GENERIC_ACTIONS.test(facts.action) ? judgeGraphApi(facts) : null),
  ({ facts, plugin }) => (plugin === "git" || plugin === "github-cli" ? judgeGit(facts) : null),
  ({ facts, plugin }) => judgeKnownApp(facts, plugin),
];

const NO_REQUEST = { method: "", url: "", body: "" };

function judgeKnownApp({ action, plugin: name }: StepFacts, plugin: string): Opinion | null {
  const squeezed = action.toLowerCase().replace(/[^a-z]/g, "");
  const rule = PLUGIN_RULES.find(
    ({ plugin: names, action: actions }) => names.test(plugin) && (actions === undefined || actions.test(squeezed)),
  );
  return rule === undefined ? null : opinion(rule.intent, rule.effect, "metadata", [0.85, `${name} is known for this`]);
}

function judgeVectorStore({ action, plugin }: StepFacts): Opinion {
  const deed = action.toLowerCase();
  if (/delete|remove|clear/.test(deed)) return opinion("send", "destructive", "metadata", [0.9, "it removes documents"]);
  if (WRITE_TO_VECTORS.test(deed) && !READ_WORDS.test(deed)) return opinion("send", "write", "metadata", [0.9, "it stores documents"]);
  return opinion("extract", "read", "metadata", [0.85, `it searches ${plugin}`]);
}

/** The statement comes out of a template: only the name tells, and danger is assumed. */
function judgeUnknownStatement({ name }: StepFacts): Opinion {
  const named = judgeName(name);
  if (named?.isLeading === true && named.intent === "extract")
    return withEffect(opinion("extract", "read", "lexicon", [0.55, `its name says "${named.verb}"`]), "write");
  return opinion("send", named?.effect === "destructive" ? "destructive" : "write", "lexicon", [0.5, "its SQL is not known"]);
}

/** One node for a whole API: GET unless it says otherwise. */
function judgeGraphApi(facts: StepFacts): Opinion {
  const stated = facts.params["httpRequestMethod"];
  const method = facts.request?.method ?? (typeof stated === "string" ? stated : "GET");
  return judgeRequest(facts, { ...(facts.request ?? NO_REQUEST), method: method.toUpperCase() });
}

function judgeGit({ action }: StepFacts): Opinion {
  const reads = /clone|pull|fetch|log|status|diff|list|show|blame|reflog|userSetup/i.test(action);
  return reads
    ? opinion("extract", "read", "metadata", [0.85, "it reads a repository"])
    : opinion("send", "write", "metadata", [0.85, "it changes a repository"]);
}

function kebab(name: string): string {
  return name
    .replace(/([a-z\d])([A-Z])/g, "$1-$2")
    .replace(/[_\s]+/g, "-")
    .toLowerCase();
}
