import { readFileSync } from "node:fs";
import * as fc from "fast-check";
import { countTokens } from "gpt-tokenizer/encoding/o200k_base";
import { describe, expect, test } from "vitest";
import { readJudgedTools } from "../../bench/intents/readData.ts";
import { scoreTools } from "../../bench/intents/score.ts";
import { IntentClassifier } from "../../lib/orchestration/IntentClassifier.ts";
import type { IntentType } from "../../lib/orchestration/types.ts";
import type { Effect, PluginCatalogAction, WorkflowStep } from "../../lib/workflow/types.ts";

const classifier = new IntentClassifier();
const llm = (prompt: string, rest: object = {}): object => ({ id: "s", type: "ai_processing", prompt, ...rest });
const act = (plugin: string, action: string, params: object = {}, name = ""): object => ({
  id: "s",
  type: "action",
  plugin,
  action,
  params,
  name,
});
const http = (method: string, url: string, body?: string): object =>
  act("http", "request", { method, url, ...(body === undefined ? {} : { jsonBody: body }) });

const isChange = (effect: Effect): boolean => effect === "write" || effect === "destructive";

interface OwnStep {
  readonly id: string;
  readonly step: object;
  readonly label: IntentType;
  readonly alt?: IntentType;
}

const ownSteps = readFileSync(new URL("../../bench/intents/ownSteps.jsonl", import.meta.url), "utf8")
  .split("\n")
  .filter((line) => line !== "")
  .map((line) => JSON.parse(line) as OwnStep);

describe("IntentClassifier", () => {
  test("classifies extract intent from plugin actions", () => {
    const step: WorkflowStep = { id: "a", type: "action", plugin: "google-mail", action: "search_emails", params: { query: "invoice" } };

    expect(classifier.classify(step)).toMatchObject({ intent: "extract", effect: "read", estimatedTokens: 0 });
    expect(classifier.classify(act("crm", "contact.getAll"))).toMatchObject({ intent: "extract", effect: "read" });
    expect(classifier.classify(act("drive", "file.download"))).toMatchObject({ intent: "extract", effect: "read" });
  });

  test("classifies summarize intent from AI processing", () => {
    const step: WorkflowStep = { id: "a", type: "ai_processing", prompt: "Summarize {{fetch.data}} in five bullet points" };

    expect(classifier.classify(step)).toMatchObject({ intent: "summarize", effect: "none", source: "prompt" });
    expect(classifier.classify(llm("Rate the urgency of this ticket from 1 to 10"))).toMatchObject({ intent: "summarize" });
    expect(classifier.classify(llm("{{x}}", { config: { ai_type: "classify", labels: ["a", "b"] } }))).toMatchObject({
      intent: "summarize",
      source: "structure",
    });
  });

  test("classifies generate intent from LLM steps", () => {
    const step: WorkflowStep = { id: "a", type: "ai_processing", prompt: "Write a warm reply to {{mail.data.body}}" };

    expect(classifier.classify(step)).toMatchObject({ intent: "generate", effect: "none" });
    expect(classifier.classify(llm("You are a helpful assistant. Answer the user's question: {{input.q}}"))).toMatchObject({
      intent: "generate",
    });
  });

  test("detects compression opportunities", () => {
    const long = llm(`Summarize the reports.\n${"All quarterly figures of the northern region follow here. ".repeat(80)}`);

    expect(classifier.classify(long).compressionRecommended).toBe(true);
    expect(classifier.classify({ ...long, exact: true }).compressionRecommended).toBe(false);
    expect(classifier.classify(llm("Summarize: cats sleep a lot")).compressionRecommended).toBe(false);
    expect(classifier.classify(act("mail", "send")).compressionRecommended).toBe(false);
  });

  test("estimates token consumption accurately", () => {
    const prompt = `Summarize the minutes below for people who could not attend.\n${"The team discussed the release, moved two dates and asked for a second review of the contract. ".repeat(30)}`;
    const input = countTokens(prompt);
    const { estimatedTokens } = classifier.classify(llm(prompt, { max_output_tokens: 100 }));

    expect(estimatedTokens).toBeGreaterThan(input * 0.8 + 100);
    expect(estimatedTokens).toBeLessThan(input * 1.25 + 130);
    expect(classifier.classify(act("sheets", "append")).estimatedTokens).toBe(0);
    expect(classifier.classify({ type: "conditional", condition: "true" }).estimatedTokens).toBe(0);
  });
});

describe("what the author declares", () => {
  test("wins on the intent", () => {
    const step = llm("Write a poem", { intent: "validate" });

    expect(classifier.classify(step)).toMatchObject({ intent: "validate", source: "declared", confidence: 1 });
  });

  test("cannot make a step look harmless: the more dangerous effect counts", () => {
    expect(classifier.classify({ ...act("crm", "contact.delete"), effect: "read" }).effect).toBe("destructive");
    expect(classifier.classify({ ...act("crm", "contact.get"), effect: "destructive" }).effect).toBe("destructive");
    expect(classifier.classify({ ...act("crm", "contact.get"), intent: "send" }).effect).toBe("write");
  });

  test("is believed where nothing else speaks", () => {
    expect(classifier.classify({ ...act("zzz", "qqq"), effect: "read" }).effect).toBe("read");
  });
});

describe("the plugin's word", () => {
  const catalog = (effect: Effect) => ({ action: (): PluginCatalogAction => ({ params: {}, effect }) });

  test("decides between reading and changing", () => {
    expect(classifier.classify(act("box", "frob"), { catalog: catalog("read") })).toMatchObject({ intent: "extract", effect: "read" });
    expect(classifier.classify(act("box", "get_thing"), { catalog: catalog("write") })).toMatchObject({ intent: "send", effect: "write" });
  });

  test("does not hide what the request itself shows", () => {
    const step = act("db", "query", { query: "DELETE FROM users" });

    expect(classifier.classify(step, { catalog: catalog("read") }).effect).toBe("destructive");
  });

  test("counts for the tools of a loop", () => {
    const tools = {
      actions: (plugin: string) => (plugin === "mail" ? ["read", "send"] : ["get"]),
      action: (_plugin: string, name: string) => ({ params: {}, effect: name === "send" ? "write" : "read" }) as PluginCatalogAction,
    };
    const loop = (...plugins: string[]): object => ({ id: "s", type: "llm_decision", prompt: "Answer the user's question", plugins });

    expect(classifier.classify(loop("crm"), { catalog: tools }).effect).toBe("read");
    expect(classifier.classify(loop("crm", "mail"), { catalog: tools }).effect).toBe("write");
    expect(classifier.classify(loop("delete_user")).effect).toBe("destructive");
    expect(classifier.classify(loop("search_orders")).effect).toBe("read");
  });

  test("a catalog that throws is passed over", () => {
    const broken = {
      action: (): PluginCatalogAction => {
        throw new Error("no catalog");
      },
    };

    expect(classifier.classify(act("crm", "contact.get"), { catalog: broken }).intent).toBe("extract");
  });
});

/** Each row: tie-break of the contract, step, label. */
const TIE_BREAKS: readonly (readonly [string, object, IntentType])[] = [
  ["1 effect beats verb: a POST that only queries", http("POST", "https://x.example/api/items/search"), "extract"],
  ["1 a GET that deletes", http("GET", "https://x.example/admin?action=delete&id=4"), "send"],
  [
    "2 a text completion goes by its prompt",
    http(
      "POST",
      "https://api.openai.com/v1/chat/completions",
      '{"model":"m","messages":[{"role":"user","content":"Summarize this thread in two sentences"}]}',
    ),
    "summarize",
  ],
  ["2 starting a render makes media", http("POST", "https://api.example.com/v1/text-to-video"), "generate"],
  ["2 fetching the result reads", http("GET", "https://api.example.com/v1/text-to-video/jobs/7"), "extract"],
  ["2 transcription reads", http("POST", "https://api.example.com/v1/audio/transcriptions"), "extract"],
  ["2 conversion reshapes", http("POST", "https://api.example.com/convert/html-to-pdf"), "transform"],
  ["2 a verification answers with a verdict", http("POST", "https://api.example.com/email/verify"), "validate"],
  ["2 a token is obtained", http("POST", "https://login.example.com/oauth/token"), "extract"],
  ["2 a job is started", http("POST", "https://ci.example.com/pipelines/7/trigger"), "send"],
  ["3 fields copied from a document", llm("Extract invoice_no, date and total from the text as they are"), "extract"],
  ["3 critique against criteria", llm("Check the draft against our style guide and list every violation"), "validate"],
  ["3 the same content in another language", llm("Translate the text into Italian"), "transform"],
  ["3 an open chat", llm("You are a helpful agent of a shop. {{input.message}}"), "generate"],
  ["4 the final deliverable", llm("Summarize the call, then write an e-mail to the client"), "generate"],
  ["5 a class is returned", llm("Classify the ticket as billing, technical or other"), "summarize"],
  [
    "5 a class picks the branch",
    { type: "llm_decision", prompt: "Classify the ticket", params: { categories: ["a", "b"] } },
    "conditional",
  ],
  ["6 a check by asking a store", act("airtable", "record.search", {}, "Check if row exists"), "extract"],
  ["6 a check in an IF", { type: "conditional", name: "Check status" }, "conditional"],
  [
    "7 code that checks",
    {
      type: "transform",
      operation: "code",
      name: "Check input",
      params: { jsCode: "if (!$json.id) throw new Error('id'); return items;" },
    },
    "validate",
  ],
  [
    "7 code that reshapes with a guard",
    {
      type: "transform",
      operation: "code",
      name: "Shape rows",
      params: { jsCode: "if (!items.length) throw new Error('none'); return items.map((i) => ({ a: i.b })).filter(Boolean).sort();" },
    },
    "transform",
  ],
  ["8 raising an error", act("stop-and-error", "error"), "validate"],
  ["8 answering that the input is invalid", act("respond-to-webhook", "respond", { responseCode: 400 }, "Invalid input"), "send"],
  ["9 narrowing a list", { type: "transform", operation: "filter", name: "Open orders" }, "transform"],
  ["9 a gate", { type: "transform", operation: "filter", name: "Only continue if new" }, "conditional"],
  ["10 removing duplicates from a list", { type: "transform", operation: "remove_duplicates" }, "transform"],
  ["10 deleting them in an app", act("hubspot", "contact.delete", {}, "Remove duplicates"), "send"],
  ["11 a file is read", { type: "transform", operation: "extract_from_file.pdf" }, "extract"],
  [
    "11 a JSON text is parsed",
    { type: "transform", operation: "code", name: "Parse", params: { jsCode: "return JSON.parse($json.text)" } },
    "transform",
  ],
  ["12 numeric aggregation, whatever its name", { type: "transform", operation: "summarize", name: "Summarize sales" }, "transform"],
  ["13 a template is filled", { type: "transform", operation: "template", name: "Write mail" }, "transform"],
  ["14 a draft from ready text", act("gmail", "draft.create"), "send"],
  ["14 a model drafts", llm("Draft a reply to this mail"), "generate"],
  ["15 a vector store is searched", act("vector-store-qdrant", "retrieve"), "extract"],
  ["15 a vector store is filled", act("vector-store-qdrant", "insert"), "send"],
  ["15 an answer over context", llm("Use the provided context to answer the question. {{context}}"), "generate"],
  ["16 send and wait", act("slack", "message.sendAndWait"), "send"],
  ["16 a pure gate", { type: "human_approval", approvers: ["a"], approvalType: "any", onTimeout: "reject" }, "conditional"],
  ["18 SQL that selects", act("postgres", "executeQuery", { query: "select * from t" }), "extract"],
  ["18 SQL that updates", act("postgres", "executeQuery", { query: "update t set a = 1" }), "send"],
  ["18 a shell that inspects", act("ssh", "execute", { command: "df -h" }), "extract"],
  ["18 a shell that restarts", act("ssh", "execute", { command: "systemctl restart app" }), "send"],
  ["19 checkout", act("actions/checkout@v4", "run"), "extract"],
  ["19 build", act("shell", "run", { run: "make build" }), "transform"],
  ["19 lint", act("shell", "run", { run: "npx eslint ." }), "validate"],
  ["19 publish", act("shell", "run", { run: "npm publish" }), "send"],
];

describe("tie-breaks", () => {
  test.each(TIE_BREAKS)("%s", (_rule, step, intent) => {
    expect(classifier.classify(step).intent).toBe(intent);
  });

  test("a step's effect fits its intent: sending writes, extracting reads", () => {
    const given = TIE_BREAKS.map(([rule, step]) => ({ rule, ...classifier.classify(step) }));

    expect(given.filter(({ intent, effect }) => intent === "send" && !isChange(effect))).toEqual([]);
    expect(given.filter(({ intent, effect }) => intent === "extract" && effect === "none")).toEqual([]);
  });
});

describe("own labelled steps", () => {
  test("get the right label nineteen times of twenty, and none that sends is called harmless", () => {
    const labelled = ownSteps.map((one) => ({ ...one, given: classifier.classify(one.step) }));
    const right = labelled.filter(({ label, alt, given }) => given.intent === label || given.intent === alt);
    const unsafe = labelled.filter(({ label, given }) => label === "send" && (given.effect === "none" || given.effect === "read"));

    expect(ownSteps.length).toBeGreaterThanOrEqual(150);
    expect(right.length / labelled.length).toBeGreaterThanOrEqual(0.95);
    expect(unsafe.map(({ id }) => id)).toEqual([]);
  });
});

describe("tools", () => {
  test.each([
    ["get_weather", "Get the forecast of a place", "read"],
    ["issue_read", "Get information about an issue", "read"],
    ["delete_file", "Delete a file", "destructive"],
    ["create_branch", "Create a branch", "write"],
    ["label_write", "Write operations for labels", "write"],
    ["frobnicate", "", "write"],
  ] as const)("%s: %s is %s", (name, description, effect) => {
    expect(classifier.classifyTool({ name, description }).effect).toBe(effect);
  });

  test("a method that writes makes the whole tool write", () => {
    const inputSchema = { properties: { method: { enum: ["get", "delete"] } } };

    expect(classifier.classifyTool({ name: "get_things", inputSchema })).toMatchObject({ intent: "send", effect: "destructive" });
  });

  test("hints make a tool more dangerous, never less", () => {
    expect(classifier.classifyTool({ name: "get_it", annotations: { destructiveHint: true } }).effect).toBe("destructive");
    expect(classifier.classifyTool({ name: "get_it", annotations: { readOnlyHint: false } }).effect).toBe("write");
    expect(classifier.classifyTool({ name: "delete_it", annotations: { readOnlyHint: true } }).effect).toBe("destructive");
  });
});

describe("own tools", () => {
  test("that write are never taken for readers, and nine of ten readers are found", () => {
    const score = scoreTools(readJudgedTools(new URL("../../bench/intents/ownTools.jsonl", import.meta.url)), (tool) =>
      classifier.classifyTool(tool),
    );

    expect(score.unsafeReads).toBe(0);
    expect(score.readsFound).toBeGreaterThanOrEqual(0.9);
  });
});

describe("the agent's score", () => {
  test("moves tokens and compression, never the label", () => {
    const step = llm(`Summarize the notes. ${"A line of notes that says little. ".repeat(60)}`);
    const low = classifier.classify(step, { ais: 0 });
    const high = classifier.classify(step, { ais: 10 });

    expect({ ...high, estimatedTokens: 0, compressionRecommended: false }).toEqual({
      ...low,
      estimatedTokens: 0,
      compressionRecommended: false,
    });
    expect(high.estimatedTokens).toBeGreaterThan(low.estimatedTokens);
    expect([low.compressionRecommended, high.compressionRecommended]).toEqual([false, true]);
    expect(classifier.classify(step, { ais: Number.NaN })).toEqual(classifier.classify(step));
  });
});

describe("hostile input", () => {
  test("never throws, whatever JSON a step is", () => {
    const keys = fc.constantFrom(
      "type",
      "name",
      "plugin",
      "action",
      "params",
      "prompt",
      "url",
      "method",
      "command",
      "run",
      "query",
      "code",
      "config",
      "output_schema",
      "parameters",
      "intent",
      "effect",
      "annotations",
      "workflowSteps",
      "messages",
      "input",
    );
    const types = fc.constantFrom(
      "action",
      "ai_processing",
      "transform",
      "conditional",
      "sub_workflow",
      "llm_decision",
      "__proto__",
      "constructor",
    );
    fc.assert(
      fc.property(fc.dictionary(keys, fc.oneof(fc.jsonValue(), types, fc.string({ unit: "binary" }))), (step) => {
        const given = classifier.classify(step);
        expect(given.confidence).toBeGreaterThanOrEqual(0);
        expect(given.confidence).toBeLessThanOrEqual(1);
        expect(Number.isSafeInteger(given.estimatedTokens)).toBe(true);
        expect(given.intent !== "send" || isChange(given.effect)).toBe(true);
      }),
      { numRuns: 1_500, seed: 7 },
    );
  });

  test.each([null, undefined, 7, "text", [], [1], Number.NaN])("%s is no step, and is taken for a change", (value) => {
    expect(classifier.classify(value as unknown as object)).toMatchObject({ intent: "send", effect: "write", source: "abstained" });
  });

  const deep = (depth: number): object => {
    let value: object = { text: "x" };
    for (let level = 0; level < depth; level += 1) value = { params: value, workflowSteps: [value] };
    return value;
  };

  test.each([
    ["a prompt of 10 MB", llm("Summarize. ".repeat(900_000))],
    ["one word of 1 MB", llm("a".repeat(1_000_000))],
    ["blanks", llm(" ".repeat(1_000_000))],
    ["SQL bait", act("postgres", "executeQuery", { query: `update ${" ".repeat(100_000)}` })],
    ["SQL of many selects", act("postgres", "executeQuery", { query: "select ".repeat(50_000) })],
    ["shell bait", act("shell", "run", { run: `make ${"a ".repeat(100_000)}` })],
    ["code bait", { type: "transform", operation: "code", params: { jsCode: "/*".repeat(200_000) } }],
    ["templates that never end", llm("{{".repeat(200_000))],
    ["tags that never end", llm("<a".repeat(200_000))],
    ["a long address", http("POST", `https://x/${"a/".repeat(200_000)}`, '"content": "'.repeat(20_000))],
    ["a long name", act("x", "get_".repeat(100_000), {}, "A".repeat(500_000))],
    ["deep parameters", { type: "action", plugin: "http", action: "request", params: { url: "https://x", body: deep(2_000) } }],
    ["deep nesting", { type: "sub_workflow", ...deep(300) }],
    ["wide nesting", { type: "sub_workflow", workflowSteps: Array.from({ length: 50_000 }, () => act("crm", "get")) }],
  ])("%s takes bounded time", (_what, step) => {
    classifier.classify(step);
    const start = performance.now();
    for (let round = 0; round < 5; round += 1) classifier.classify(step);

    // Far above what it takes, far below what unbounded work would.
    expect((performance.now() - start) / 5).toBeLessThan(50);
  });

  test("is the same for the same step", () => {
    fc.assert(
      fc.property(fc.constantFrom(...ownSteps), ({ step }) => {
        expect(classifier.classify(structuredClone(step))).toEqual(classifier.classify(step));
      }),
    );
  });
});
