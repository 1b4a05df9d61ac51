// Steps that bring data in or pull values out: plugin calls and rules as they are; documents are read first where rules alone find too little. A model comes last.
import type { Clock } from "../../core/clock.ts";
import { AppError } from "../../core/errors.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../../core/json.ts";
import type { DocumentText } from "../../operations/documents/answerDocument.ts";
import { readDocument } from "../../operations/documents/readDocument.ts";
import { recogniseDocument, type RecognisedDocument } from "../../operations/documents/recogniseDocument.ts";
import { extractFields, isEmptyExtraction } from "../../operations/extraction.ts";
import type { StepOf, StepOutput, StepType, WorkflowStep } from "../../workflow/types.ts";
import { contractOf, isModelStep, reviewOf } from "../handlers/modelSteps.ts";
import type { HandlerContext } from "../types.ts";
import { BaseHandler } from "./BaseHandler.ts";

export interface ExtractHandlerOptions {
  /** Action that recognises text in pictures: given `{content_base64, media_type}`, gives `{text}`. @defaultValue `ocr.recognize_text` */
  readonly ocr?: { readonly plugin: string; readonly action: string };
  readonly clock?: Clock;
}

type ExtractionStep = StepOf<"ai_processing" | "deterministic_extraction">;

export class ExtractHandler extends BaseHandler {
  readonly intent = "extract";
  protected readonly stepTypes: readonly StepType[] = ["action", "deterministic_extraction", "ai_processing"];
  readonly #ocr: { readonly plugin: string; readonly action: string };
  readonly #clock: Clock | undefined;

  constructor({ ocr = { plugin: "ocr", action: "recognize_text" }, clock }: ExtractHandlerOptions = {}) {
    super();
    this.#ocr = ocr;
    this.#clock = clock;
  }

  async execute(step: WorkflowStep, context: HandlerContext): Promise<StepOutput> {
    // A plugin's own answer is exact; nothing is to be added.
    if (step.type !== "deterministic_extraction" && !isModelStep(step)) return this.output(step, context, (await context.perform()).output);
    const text = await this.#documentText(step as ExtractionStep, context);
    const review = isModelStep(step) ? { review: reviewOf(step, context, { contract: contractOf(step, context), condenses: false }) } : {};
    const { output, details, tokens } = await context.perform({ ...review, ...(text === null ? {} : { input: text }) });
    await this.trackMetrics({ ...details, reason: tokens === 0 ? "rules sufficed" : "rules did not find all that is required" }, context);
    return this.output(step, context, output);
  }

  /** The text in place of a document; null where there is no document, or rules find all without reading it. */
  async #documentText(step: ExtractionStep, context: HandlerContext): Promise<string | null> {
    const document = recogniseDocument(context.input);
    if (document === null) return null;
    const schema = schemaOf(step);
    // What the direct path gives is given here, too: reading it first could find another value than its raw lines.
    if (document.kind !== "pdf" && schema !== null && isFoundIn(context.input, schema)) return null;
    const read = await this.#read(step, document, context);
    const text = read.text.trim() === "" && document.kind === "pdf" ? await this.#recognise(step, document, context) : read.text;
    await this.trackMetrics({ document: document.kind, pages: read.pages, documentCharacters: text.length }, context);
    return text;
  }

  async #read(step: ExtractionStep, document: RecognisedDocument, context: HandlerContext): Promise<DocumentText> {
    const { signal } = context;
    try {
      return await readDocument(document, { signal, ...(this.#clock === undefined ? {} : { clock: this.#clock }) });
    } catch (thrown) {
      if (!AppError.is(thrown, "DOCUMENT_UNREADABLE")) throw thrown;
      throw context.verdict(
        new AppError(thrown.code, `step ${step.id}: ${thrown.message}`, { details: { ...thrown.details, step: step.id }, cause: thrown }),
      );
    }
  }

  /** A PDF of pictures: a plugin that recognises text, or a plain error. A model asked about nothing would make it up. */
  async #recognise(step: ExtractionStep, { content }: RecognisedDocument, context: HandlerContext): Promise<string> {
    const { plugin, action } = this.#ocr;
    if (context.findAction(plugin, action) === undefined) {
      throw context.verdict(
        new AppError("OCR_UNAVAILABLE", `step ${step.id}: the PDF has no text layer, and there is no ${plugin}.${action} to recognise it`, {
          details: { step: step.id, field: "input", expected: `a plugin ${plugin} with the action ${action}`, got: "none" },
        }),
      );
    }
    const params: JsonObject = { content_base64: Buffer.from(content).toString("base64"), media_type: "application/pdf" };
    const answer = await context.read({ plugin, action, params });
    const text = isJsonObject(answer) ? answer["text"] : answer;
    if (typeof text === "string" && text.trim() !== "") return text;
    throw context.verdict(
      new AppError("OCR_UNAVAILABLE", `step ${step.id}: ${plugin}.${action} recognised no text in the PDF`, {
        details: { step: step.id, field: "input" },
      }),
    );
  }
}

/** As written in the workflow; null: there is none. */
function schemaOf(step: ExtractionStep): JsonObject | null {
  return step.output_schema ?? (step.type === "ai_processing" ? step.config?.output_schema : undefined) ?? null;
}

function isFoundIn(source: JsonValue, schema: JsonObject): boolean {
  const found = extractFields(source, schema);
  return found.missingRequired.length === 0 && !isEmptyExtraction(found);
}
