// Gives nodes of other workflow languages our shape: n8n nodes, Dify blocks, GitHub Actions steps. Anything else stays as it is.
import { asRecord, clip, type LooseRecord } from "./looseValues.ts";

const N8N_TYPE = /^(?:n8n-nodes-base|@n8n\/n8n-nodes-langchain|n8n-nodes-[\w-]+|@[\w-]+\/n8n-nodes-[\w-]+)\.(\w+)$/;
const TRANSFORM_NODES = new Set(
  (
    "set code function functionItem merge itemLists splitOut aggregate sort limit summarize filter dateTime crypto markdown xml html renameKeys " +
    "removeDuplicates convertToFile extractFromFile spreadsheetFile moveBinaryData compression editImage compareDatasets editFields jwt aiTransform"
  ).split(" "),
);
const AI_NODES =
  /^(?:agent|agentTool|chainLlm|chainRetrievalQa|chainSummarization|informationExtractor|openAi|openAiAssistant|anthropic|googleGemini|ollama|lmChat\w*|sentimentAnalysis)$/;
const DIFY_TYPES: Readonly<Record<string, string>> = {
  llm: "ai_processing",
  agent: "ai_processing",
  "parameter-extractor": "ai_processing",
  "question-classifier": "llm_decision",
  "if-else": "conditional",
  "template-transform": "transform",
  "variable-aggregator": "transform",
  "variable-assigner": "transform",
  "list-operator": "transform",
  assigner: "transform",
  iteration: "loop",
  "document-extractor": "deterministic_extraction",
};

export function normaliseForeign(record: LooseRecord): LooseRecord {
  const type = typeof record["type"] === "string" ? record["type"] : "";
  const node = N8N_TYPE.exec(type.slice(0, 120))?.[1];
  if (node !== undefined) return fromN8n(record, node);
  if (type === "" && typeof record["uses"] === "string") return fromGithubAction(record, record["uses"]);
  if (type === "" && typeof record["run"] === "string") return { ...record, type: "action", plugin: "shell", action: "run" };
  const block = asRecord(record["data"]);
  if (typeof block["type"] === "string" && (type === "" || type === "custom")) return fromDify(record, block, block["type"]);
  return record;
}

function fromN8n(record: LooseRecord, node: string): LooseRecord {
  const params = asRecord(record["parameters"] ?? record["params"]);
  const operation = [clip(params["resource"], 60), clip(params["operation"] ?? params["mode"], 60)].filter((part) => part !== "").join(".");
  const base = { ...record, params, description: record["description"] ?? record["notes"] };
  if (node === "if" || node === "switch") return { ...base, type: "conditional" };
  if (node === "textClassifier") return { ...base, type: "llm_decision" };
  if (node === "executeWorkflow") return { ...base, type: "sub_workflow" };
  if (TRANSFORM_NODES.has(node)) {
    const action = clip(params["operation"] ?? params["action"], 60);
    return { ...base, type: "transform", operation: action === "" ? node : `${node}.${action}` };
  }
  const isMedia = /^(?:image|audio|video|file|assistant)\b/.test(operation) || operation.endsWith("classify");
  if (AI_NODES.test(node) && !isMedia) return { ...base, type: "ai_processing", kind: node };
  if (node === "httpRequest") return { ...base, type: "action", plugin: "http", action: "request" };
  return { ...base, type: "action", plugin: node, action: operation };
}

function fromGithubAction(record: LooseRecord, uses: string): LooseRecord {
  return { ...record, type: "action", plugin: uses.split("@")[0] ?? "", action: "run", params: asRecord(record["with"]) };
}

function fromDify(record: LooseRecord, block: LooseRecord, type: string): LooseRecord {
  const base = { ...record, ...block, name: block["title"] ?? record["name"], params: block, description: block["desc"] };
  const prompt = block["prompt_template"] ?? block["instruction"];
  if (type === "http-request") return { ...base, type: "action", plugin: "http", action: "request" };
  if (type === "tool") return { ...base, type: "action", plugin: block["provider_name"] ?? "", action: block["tool_name"] ?? "" };
  if (type === "knowledge-retrieval") return { ...base, type: "action", plugin: type, action: "retrieve" };
  if (type === "answer") return { ...base, type: "action", plugin: "chat", action: "answer" };
  const operation = type === "code" ? "code" : type.replaceAll("-", "_");
  return {
    ...base,
    type: DIFY_TYPES[type] ?? (type === "code" ? "transform" : type),
    operation,
    ...(prompt === undefined ? {} : { prompt }),
  };
}
