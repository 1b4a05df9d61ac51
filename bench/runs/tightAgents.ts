// Agents built to hit limits: long contents under a token limit that their raw prompt does not fit, and contents beyond the model's window.
import type { JsonObject, JsonValue } from "../../lib/core/json.ts";
import type { Agent } from "../../tests/regression/corpus.ts";
import { LARGE_INPUTS } from "../../tests/regression/largeInputs.ts";

/** Questions a person would ask of each content. */
const TASKS: Readonly<Record<string, string>> = {
  server_log: "Summarize what went wrong in this log, with the time of each error.",
  orders_json: "Summarize these orders: how many, which are late, and the largest one.",
  page_html: "Summarize this page in five sentences.",
  transcript: "Summarize the decisions of this meeting and who took on what.",
  survey_csv: "Summarize the survey: the scores and the worst complaints.",
  mail_thread: "Summarize this thread: what was agreed, and what is still open.",
  contract_text: "Summarize the obligations and the terms of notice in this contract.",
  commit_list: "Summarize these commits for a release note.",
  applications: "Summarize the applicants: experience and notice period of each.",
  metrics_json: "Summarize the metrics: what rose, what fell, what is out of range.",
};

/** Tokens of one answer. */
const OUTPUT_TOKENS = 600;
/** Shares of what the raw call may come to that the limit allows. */
const LIMIT_SHARES = [0.9, 0.75, 0.6];
const CHARACTERS_PER_TOKEN = 4;
/** Contents this long pass a window of 128 000 tokens. */
const OVERFLOW_CHARACTERS = 700_000;

export function tightAgents(): Agent[] {
  const agents: Agent[] = [];
  for (const [name, task] of Object.entries(TASKS)) {
    const content = LARGE_INPUTS[name]?.();
    if (content === undefined) throw new Error(`there is no large input ${name}`);
    for (const share of LIMIT_SHARES) {
      const tokens = Math.round((textOf(content).length / CHARACTERS_PER_TOKEN + OUTPUT_TOKENS) * share);
      agents.push(agentOf(`tight ${name} ${share}`, { task, content, limits: { tokens } }));
    }
    agents.push(agentOf(`beyond the window ${name}`, { task, content: repeated(content), limits: {} }));
  }
  return agents;
}

function agentOf(
  name: string,
  { task, content, limits }: { readonly task: string; readonly content: JsonValue; readonly limits: JsonObject },
): Agent {
  const definition = {
    name,
    limits,
    steps: [{ id: "digest", type: "ai_processing", prompt: task, input: "{{input.content}}", max_output_tokens: OUTPUT_TOKENS }],
  };
  return { name, class: "verbose", source: "", request: { definition, inputs: { content } } };
}

function textOf(content: JsonValue): string {
  return typeof content === "string" ? content : JSON.stringify(content);
}

/** The same kind of content, far longer: lists grow by elements, texts by themselves. */
function repeated(content: JsonValue): JsonValue {
  const times = Math.ceil(OVERFLOW_CHARACTERS / textOf(content).length);
  if (Array.isArray(content)) return Array.from({ length: times }, () => content as readonly JsonValue[]).flat();
  return typeof content === "string" ? Array.from({ length: times }, () => content).join("\n") : content;
}
