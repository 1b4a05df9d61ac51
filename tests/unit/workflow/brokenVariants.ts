// One sound workflow and thirty ways to break it, one fault each: what is replaced, by what, and where the fault has to be found.
import type { WorkflowIssueCode } from "../../../lib/workflow/types.ts";

export const SOUND = `name: invoices
inputs:
  folder: { type: string, required: true }
  limit: { type: number, default: 10 }
limits: { usd: 0.5, onLimit: pause }
steps:
  - id: list
    type: action
    plugin: files
    action: list
    params: { path: "{{input.folder}}" }
    cache: { enabled: true, ttl: 60 }
  - id: rows
    type: transform
    operation: filter
    input: "{{list.entries}}"
    config: { condition: "item.sizeBytes > 0" }
  - id: each
    type: scatter_gather
    scatter:
      input: "{{rows}}"
      itemVariable: entry
      steps:
        - { id: read, type: action, plugin: files, action: read, params: { path: "{{entry.path}}" } }
        - { id: gist, type: ai_processing, prompt: Summarize this., input: "{{read.text}}" }
    gather: { operation: collect, from: gist }
  - id: enough
    type: conditional
    condition: size(rows) > 3
    then_steps:
      - { id: ask, type: human_approval, approvers: [ada], timeout: 60000 }
    else_steps:
      - { id: pause, type: delay, duration: 1000 }
  - id: write
    type: action
    plugin: files
    action: write
    dependencies: [enough]
    params: { path: out.md, text: "{{each}}" }
    retryPolicy: { maxRetries: 2, backoffMs: 100 }
  - id: report
    type: ai_processing
    prompt: "Report on {{each}}"
    output_schema: { type: object, properties: { title: { type: string } } }
output: "{{report}}"
`;

export interface BrokenVariant {
  readonly name: string;
  readonly replace: readonly [string, string];
  readonly code: WorkflowIssueCode;
  /** Stands in the line of the fault. */
  readonly line: string;
  readonly step?: string;
  readonly field?: string;
  /** Part of message or hint. */
  readonly tells: string;
}

export const BROKEN: readonly BrokenVariant[] = [
  {
    name: "a bracket is not closed",
    replace: ["approvers: [ada]", "approvers: [ada"],
    code: "SYNTAX_INVALID",
    line: "approvers: [ada",
    tells: "",
  },
  {
    name: "a key is given twice",
    replace: ["    plugin: files\n    action: list", "    plugin: files\n    plugin: csv\n    action: list"],
    code: "SYNTAX_INVALID",
    line: "plugin: csv",
    tells: "twice",
  },
  {
    name: "a template is not quoted",
    replace: ['input: "{{rows}}"', "input: {{rows}}"],
    code: "SYNTAX_INVALID",
    line: "input: {{rows}}",
    tells: "unquoted",
  },
  { name: "a tag asks for code", replace: ["path: out.md", "path: !!js/function out"], code: "SYNTAX_INVALID", line: "!!js", tells: "tag" },
  {
    name: "a step type is misspelt",
    replace: ["type: delay", "type: dealy"],
    code: "WORKFLOW_INVALID",
    line: "dealy",
    step: "pause",
    field: "type",
    tells: 'did you mean "delay"',
  },
  {
    name: "a step has no type",
    replace: ["    type: transform\n", ""],
    code: "WORKFLOW_INVALID",
    line: "- id: rows",
    step: "rows",
    field: "type",
    tells: "missing",
  },
  {
    name: "a field is misspelt",
    replace: ["prompt: Summarize", "promt: Summarize"],
    code: "WORKFLOW_INVALID",
    line: "promt",
    step: "gist",
    field: "promt",
    tells: 'did you mean "prompt"',
  },
  {
    name: "a required field is missing",
    replace: ["    condition: size(rows) > 3\n", ""],
    code: "WORKFLOW_INVALID",
    line: "id: enough",
    step: "enough",
    field: "condition",
    tells: "condition is missing",
  },
  {
    name: "a field has the wrong type",
    replace: ["maxRetries: 2", "maxRetries: two"],
    code: "WORKFLOW_INVALID",
    line: "maxRetries: two",
    step: "write",
    field: "retryPolicy.maxRetries",
    tells: "a number",
  },
  {
    name: "a value is not of its list",
    replace: ["operation: collect", "operation: colect"],
    code: "WORKFLOW_INVALID",
    line: "colect",
    step: "each",
    field: "gather.operation",
    tells: 'did you mean "collect"',
  },
  {
    name: "a delay is negative",
    replace: ["duration: 1000", "duration: -5"],
    code: "WORKFLOW_INVALID",
    line: "duration: -5",
    step: "pause",
    field: "duration",
    tells: "at least 0",
  },
  {
    name: "nobody may approve",
    replace: ["approvers: [ada]", "approvers: []"],
    code: "WORKFLOW_INVALID",
    line: "approvers: []",
    step: "ask",
    field: "approvers",
    tells: "at least one approver",
  },
  {
    name: "the top level has an unknown field",
    replace: ["limits:", "limit:"],
    code: "WORKFLOW_INVALID",
    line: "limit: { usd",
    field: "limit",
    tells: 'did you mean "limits"',
  },
  {
    name: "there are no steps",
    replace: [SOUND.slice(SOUND.indexOf("steps:"), SOUND.indexOf("output: ")), "steps: []\n"],
    code: "WORKFLOW_INVALID",
    line: "steps: []",
    field: "steps",
    tells: "at least one step",
  },
  {
    name: "an id is given twice",
    replace: ["id: pause", "id: list"],
    code: "WORKFLOW_INVALID",
    line: "id: list, type: delay",
    step: "list",
    field: "id",
    tells: "two steps",
  },
  {
    name: "an id is reserved",
    replace: ["id: pause", "id: item"],
    code: "WORKFLOW_INVALID",
    line: "id: item",
    step: "item",
    field: "id",
    tells: "meaning of its own",
  },
  {
    name: "an id could not be a path",
    replace: ["id: pause", "id: a.b"],
    code: "WORKFLOW_INVALID",
    line: "id: a.b",
    step: "a.b",
    field: "id",
    tells: "letters, digits",
  },
  {
    name: "a dependency does not exist",
    replace: ["dependencies: [enough]", "dependencies: [enuogh]"],
    code: "WORKFLOW_INVALID",
    line: "enuogh",
    step: "write",
    field: "dependencies[0]",
    tells: 'did you mean "enough"',
  },
  {
    name: "a dependency is inside another step",
    replace: ["dependencies: [enough]", "dependencies: [ask]"],
    code: "WORKFLOW_INVALID",
    line: "dependencies: [ask]",
    step: "write",
    field: "dependencies[0]",
    tells: "inside another step",
  },
  {
    name: "steps wait for each other",
    replace: ["    operation: filter\n", "    operation: filter\n    dependencies: [report]\n"],
    code: "WORKFLOW_INVALID",
    line: "dependencies: [report]",
    step: "rows",
    field: "dependencies",
    tells: "→",
  },
  {
    name: "a template names nothing",
    replace: ["{{list.entries}}", "{{lists.entries}}"],
    code: "TEMPLATE_INVALID",
    line: "{{lists.entries}}",
    step: "rows",
    field: "input",
    tells: 'did you mean "list"',
  },
  {
    name: "a template names a later step",
    replace: ["{{list.entries}}", "{{write.entries}}"],
    code: "TEMPLATE_INVALID",
    line: "{{write.entries}}",
    step: "rows",
    field: "input",
    tells: "not upstream",
  },
  {
    name: "a template names a step inside another",
    replace: ["Report on {{each}}", "Report on {{gist}}"],
    code: "TEMPLATE_INVALID",
    line: "{{gist}}",
    step: "report",
    field: "prompt",
    tells: "inside another step",
  },
  {
    name: "a loop variable is used outside",
    replace: ["Report on {{each}}", "Report on {{item.name}}"],
    code: "TEMPLATE_INVALID",
    line: "{{item.name}}",
    step: "report",
    field: "prompt",
    tells: "only inside a loop",
  },
  {
    name: "an input is not declared",
    replace: ["{{input.folder}}", "{{input.foldr}}"],
    code: "TEMPLATE_INVALID",
    line: "{{input.foldr}}",
    step: "list",
    field: "params.path",
    tells: 'did you mean "folder"',
  },
  {
    name: "a template is not closed",
    replace: ["Report on {{each}}", "Report on {{each"],
    code: "TEMPLATE_INVALID",
    line: "Report on {{each",
    step: "report",
    field: "prompt",
    tells: "}}",
  },
  {
    name: "a condition holds a template",
    replace: ["condition: size(rows) > 3", 'condition: "{{rows.length}} > 3"'],
    code: "CONDITION_INVALID",
    line: "{{rows.length}}",
    step: "enough",
    field: "condition",
    tells: "without braces",
  },
  {
    name: "a condition is not CEL",
    replace: ["condition: size(rows) > 3", "condition: size(rows >"],
    code: "CONDITION_INVALID",
    line: "size(rows >",
    step: "enough",
    field: "condition",
    tells: "cannot be read",
  },
  {
    name: "a transform does not exist",
    replace: ["operation: filter", "operation: fliter"],
    code: "TRANSFORM_INVALID",
    line: "fliter",
    step: "rows",
    field: "operation",
    tells: 'did you mean "filter"',
  },
  {
    name: "a transform's setting is unknown",
    replace: ["config: { condition:", "config: { where: 1, condition:"],
    code: "TRANSFORM_INVALID",
    line: "where: 1",
    step: "rows",
    field: "config.where",
    tells: "where",
  },
  {
    name: "a schema does not compile",
    replace: ["title: { type: string }", "title: { type: strng }"],
    code: "WORKFLOW_INVALID",
    line: "strng",
    step: "report",
    field: "output_schema.properties.title.type",
    tells: "does not compile",
  },
  {
    name: "a secret stands in the file",
    replace: ["path: out.md", "path: out.md, headers: { Authorization: Bearer 9fA3kd82hf73kfhs92kd }"],
    code: "SECRET_IN_WORKFLOW",
    line: "Authorization",
    step: "write",
    field: "params.headers.Authorization",
    tells: "authorization header",
  },
  {
    name: "an inner step is named that does not exist",
    replace: ["from: gist", "from: gits"],
    code: "WORKFLOW_INVALID",
    line: "from: gits",
    step: "each",
    field: "gather.from",
    tells: "gits",
  },
  {
    name: "an effect is cached",
    replace: ["retryPolicy: { maxRetries: 2, backoffMs: 100 }", "cache: { enabled: true }"],
    code: "WORKFLOW_INVALID",
    line: "cache: { enabled: true }",
    step: "write",
    field: "cache",
    tells: "effect write",
  },
  {
    name: "a plugin is not registered",
    replace: ["plugin: files\n    action: write", "plugin: flies\n    action: write"],
    code: "PLUGIN_UNKNOWN",
    line: "flies",
    step: "write",
    field: "plugin",
    tells: 'did you mean "files"',
  },
  {
    name: "an action does not exist",
    replace: ["action: write", "action: wirte"],
    code: "PLUGIN_ACTION_UNKNOWN",
    line: "wirte",
    step: "write",
    field: "action",
    tells: 'did you mean "write"',
  },
  {
    name: "a parameter is missing",
    replace: ['params: { path: out.md, text: "{{each}}" }', "params: { path: out.md }"],
    code: "PARAMS_INVALID",
    line: "params: { path: out.md }",
    step: "write",
    field: "params.text",
    tells: "missing",
  },
  {
    name: "a parameter is unknown",
    replace: ["path: out.md", "path: out.md, txet: a"],
    code: "PARAMS_INVALID",
    line: "txet",
    step: "write",
    field: "params.txet",
    tells: "unknown parameter",
  },
  {
    name: "a parameter has the wrong type",
    replace: ["path: out.md", "path: [out.md]"],
    code: "PARAMS_INVALID",
    line: "[out.md]",
    step: "write",
    field: "params.path",
    tells: "string",
  },
];
