import { describe, test } from "vitest";
import { ContactHandler } from "../../../../examples/handler.ts";
import { ConditionalHandler } from "../../../../lib/orchestration/IntentHandlers/ConditionalHandler.ts";
import { ExtractHandler } from "../../../../lib/orchestration/IntentHandlers/ExtractHandler.ts";
import { GenerateHandler } from "../../../../lib/orchestration/IntentHandlers/GenerateHandler.ts";
import { SendHandler } from "../../../../lib/orchestration/IntentHandlers/SendHandler.ts";
import { SummarizeHandler } from "../../../../lib/orchestration/IntentHandlers/SummarizeHandler.ts";
import { TransformHandler } from "../../../../lib/orchestration/IntentHandlers/TransformHandler.ts";
import { ValidateHandler } from "../../../../lib/orchestration/IntentHandlers/ValidateHandler.ts";
import { describeHandler } from "../../../../lib/testing/describeHandler.ts";
import type { WorkflowStepInput } from "../../../../lib/workflow/inputTypes.ts";

const runner = { describe, test };
const delay: WorkflowStepInput = { id: "pause", type: "delay", duration: 1 };
const loop: WorkflowStepInput = { id: "each", type: "loop", iterateOver: [1], loopSteps: [delay] };

const invoice = "Invoice number: A-17\nTotal: 240.50\nDate: 2026-03-01";
const invoiceSchema = {
  type: "object",
  fields: [
    { name: "invoice_number", type: "string", required: true },
    { name: "total", type: "number", required: true },
  ],
};
const page = `<html><body><dl><dt>Invoice number</dt><dd>A-17</dd><dt>Total</dt><dd>240.50</dd></dl></body></html>`;

describeHandler(runner, {
  createHandler: () => new ExtractHandler(),
  unserved: delay,
  cases: {
    "a plugin call": { step: { id: "fetch", type: "action", plugin: "world", action: "read", params: { page: 2 } }, output: { page: 2 } },
    rules: {
      step: { id: "fields", type: "deterministic_extraction", input: invoice, output_schema: invoiceSchema },
      output: { invoice_number: "A-17", total: 240.5 },
    },
    "a page": {
      step: { id: "fields", type: "deterministic_extraction", input: page, output_schema: invoiceSchema },
      output: { invoice_number: "A-17", total: 240.5 },
      isEqualToDirect: false,
    },
    "a model for the rest": {
      step: {
        id: "fields",
        type: "ai_processing",
        prompt: "Read the invoice",
        input: "A-17, two hundred and forty",
        config: { ai_type: "extract" },
        output_schema: invoiceSchema,
      },
      script: [{ output: { invoice_number: "A-17", total: 240 } }],
    },
  },
});

describeHandler(runner, {
  createHandler: () => new TransformHandler(),
  unserved: loop,
  cases: {
    sort: {
      step: { id: "sorted", type: "transform", operation: "sort", input: [{ n: 2 }, { n: 1 }], config: { sort_by: "n" } },
      output: [{ n: 1 }, { n: 2 }],
    },
    merge: {
      step: {
        id: "merged",
        type: "enrichment",
        sources: [
          { key: "a", from: { x: 1 } },
          { key: "b", from: { y: 2 } },
        ],
        strategy: "merge",
      },
    },
    "a translation": {
      step: { id: "german", type: "ai_processing", prompt: "Translate into German", input: "Good morning" },
      script: ["Guten Morgen"],
      output: "Guten Morgen",
    },
  },
});

describeHandler(runner, {
  createHandler: () => new ConditionalHandler(),
  unserved: delay,
  cases: {
    "a branch with an effect": {
      step: {
        id: "choose",
        type: "conditional",
        condition: "input.total > 100",
        then_steps: [{ id: "tell", type: "action", plugin: "world", action: "write", params: { to: "boss" } }],
        else_steps: [],
      },
      inputs: { total: 240 },
      output: { tell: { to: "boss" } },
    },
    "a switch": {
      step: {
        id: "choose",
        type: "switch",
        evaluate: "{{input.kind}}",
        cases: { letter: [{ id: "note", type: "action", plugin: "world", action: "read", params: { kind: "letter" } }] },
        default: [],
      },
      inputs: { kind: "letter" },
    },
  },
});

describeHandler(runner, {
  createHandler: () => new ValidateHandler(),
  unserved: delay,
  cases: {
    "good data": {
      step: {
        id: "check",
        type: "validation",
        input: { n: 1 },
        schema: { type: "object", properties: { n: { type: "number" } }, required: ["n"] },
      },
      output: { valid: true, value: { n: 1 }, defects: [] },
    },
    "bad data that go on": {
      step: {
        id: "check",
        type: "validation",
        input: { n: "x" },
        schema: { type: "object", properties: { n: { type: "number" } } },
        onValidationFail: "continue",
      },
    },
    "texts as numbers": {
      step: {
        id: "check",
        type: "validation",
        input: { n: "12" },
        schema: { type: "object", properties: { n: { type: "number" } } },
        metadata: { coerce: true },
      },
      isEqualToDirect: false,
      output: { valid: true, value: { n: 12 }, defects: [] },
    },
    "a comparison": { step: { id: "same", type: "comparison", left: 1, right: 1, operation: "equals" }, output: true },
    "a verdict of a model": {
      step: {
        id: "judge",
        type: "ai_processing",
        prompt: "Does it keep to the rules?",
        input: "Yes",
        output_schema: { type: "object", properties: { pass: { type: "boolean" } }, required: ["pass"] },
      },
      script: [{ output: { pass: true } }],
    },
  },
});

const report = "The ward treated 151 patients in March, which is nine more than in February. Twenty beds were in use on most days. ".repeat(
  6,
);

describeHandler(runner, {
  createHandler: () => new SummarizeHandler(),
  unserved: delay,
  cases: {
    "a short answer": {
      step: { id: "short", type: "ai_processing", prompt: "Summarize in at most 12 words", input: report },
      script: ["151 patients were treated in March."],
    },
    "a repair": {
      step: { id: "short", type: "ai_processing", prompt: "Summarize", input: report, metadata: { contract: { must_mention: ["151"] } } },
      script: ["Many patients were treated.", "151 patients were treated."],
      isEqualToDirect: false,
      output: "151 patients were treated.",
    },
    labels: {
      step: {
        id: "kind",
        type: "ai_processing",
        prompt: "What is it?",
        input: ["a complaint"],
        config: { ai_type: "classify", labels: ["complaint", "praise"] },
      },
      script: [{ output: { labels: [{ index: 0, label: "complaint" }] } }],
    },
  },
});

describeHandler(runner, {
  createHandler: () => new GenerateHandler(),
  unserved: delay,
  cases: {
    "a letter": {
      step: { id: "letter", type: "ai_processing", prompt: "Write to {{input.name}}" },
      inputs: { name: "Ada" },
      script: ["Dear Ada, thank you."],
    },
    "a letter with a gap, mended": {
      step: { id: "letter", type: "ai_processing", prompt: "Write to {{input.name}}" },
      inputs: { name: "Ada" },
      script: ["Dear [Your Name], thank you.", "Dear Ada, thank you."],
      isEqualToDirect: false,
      output: "Dear Ada, thank you.",
    },
  },
});

describeHandler(runner, {
  createHandler: () => new ContactHandler(),
  unserved: delay,
  cases: {
    "a card": {
      step: {
        id: "contact",
        type: "deterministic_extraction",
        input: "Name: Ada\nPhone: +44 (20) 7946-0018",
        output_schema: { type: "object", fields: [{ name: "phone", required: true }] },
      },
      isEqualToDirect: false,
      output: { phone: "+442079460018" },
    },
  },
});

const people = ["ada", "ben", "cy", "dot", "eve"];

describeHandler(runner, {
  createHandler: () => new SendHandler(),
  unserved: delay,
  cases: {
    "one call": { step: { id: "send", type: "action", plugin: "world", action: "write", params: { to: "ada" } }, output: { to: "ada" } },
    batches: {
      step: {
        id: "send",
        type: "action",
        plugin: "world",
        action: "write",
        params: { to: "{{input.people}}", text: "hello" },
        metadata: { batch: { over: "to", size: 2 } },
      },
      inputs: { people },
      isEqualToDirect: false,
    },
  },
});
